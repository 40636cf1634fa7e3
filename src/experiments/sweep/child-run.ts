/** One run as a process of its own, exactly as a user would start it. */
import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { loaderOf } from "../../pipeline/loader.ts"
import { LAUNCHER } from "../../pipeline/stopping.ts"
import { RunError } from "../run-error.ts"

const PROGRAM = fileURLToPath(new URL("../run.ts", import.meta.url))

/** Most lines of a failed run that are repeated. */
const LAST = 12

/** Seconds between two looks whether a run is to stop. */
const LOOK = 1

export interface ChildRunOptions {
  readonly cwd?: string
  /** Environment variables that the run does not get. */
  readonly without?: ReadonlyArray<string>
  /**
   * Called every second. If it returns true, the run is interrupted, and the same command continues it later. If it throws a
   * RunError, the run is interrupted and fails with this error.
   */
  readonly stop?: () => boolean
}

/** How a run ended. */
export interface EndedRun {
  /** The exit code; 1 if a signal ended it. */
  readonly code: number
  /** The signal that ended it; undefined if it ended by itself. */
  readonly signal: NodeJS.Signals | undefined
  readonly last: ReadonlyArray<string>
}

/** Starts `run.ts`, which ends with this process. */
const started = (args: ReadonlyArray<string>, { cwd, without = [] }: ChildRunOptions) => {
  const kept = Object.entries(process.env).filter(([name]) => !without.includes(name))
  const env = { ...Object.fromEntries(kept), [LAUNCHER]: String(process.pid) }
  const place = cwd === undefined ? {} : { cwd }
  const command = [...loaderOf(PROGRAM), PROGRAM, ...args]
  return spawn(process.execPath, command, { stdio: ["ignore", "ignore", "pipe"], env, ...place })
}

const runs = ({ exitCode, pid, signalCode }: ChildProcess): boolean =>
  pid !== undefined && exitCode === null && signalCode === null

/** Hands the lines of a stream on; the result gives the last ones once the stream has ended. */
const linesOf = (stream: NodeJS.ReadableStream, say: (line: string) => void): (() => ReadonlyArray<string>) => {
  const last: Array<string> = []
  let rest = ""
  const take = (line: string) => {
    last.push(line)
    if (last.length > LAST) last.shift()
    say(line)
  }
  stream.on("data", (chunk: Buffer) => {
    const lines = `${rest}${chunk.toString("utf8")}`.split("\n")
    rest = lines.pop() ?? ""
    lines.forEach(take)
  })
  return () => {
    if (rest !== "") take(rest)
    return last
  }
}

/** Runs `run.ts` with these arguments. Its lines go to `say`; an interrupt is passed on and waited for. */
export const childRun = (
  args: ReadonlyArray<string>,
  say: (line: string) => void,
  options: ChildRunOptions = {}
): Effect.Effect<EndedRun, RunError> =>
  Effect.callback((resume) => {
    const { stop = () => false } = options
    const child = started(args, options)
    const lines = linesOf(child.stderr, say)
    let fault: unknown
    const isOver = (): boolean => {
      try {
        return stop()
      } catch (cause) {
        fault = cause
        return true
      }
    }
    const looking = setInterval(() => {
      if (!isOver()) return
      clearInterval(looking)
      if (runs(child)) child.kill("SIGINT")
    }, 1000 * LOOK)
    child.on("error", (cause) => {
      clearInterval(looking)
      const problem = `cannot be started (${cause.message})`
      resume(new RunError({ subject: process.execPath, problem, remedy: "Check that Node is there", cause }))
    })
    child.on("close", (code, signal) => {
      clearInterval(looking)
      if (fault instanceof RunError) return resume(fault)
      if (fault !== undefined) return resume(Effect.die(fault))
      resume(Effect.succeed({ code: code ?? 1, signal: signal ?? undefined, last: lines() }))
    })
    return Effect.callback<void>((stopped) => {
      clearInterval(looking)
      if (!runs(child)) return stopped(Effect.void)
      child.once("close", () => stopped(Effect.void))
      child.kill("SIGINT")
    })
  })
