/** One run as a process of its own, exactly as a user would start it. */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { loaderOf } from "../../pipeline/loader.ts"
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
  /** Is asked every second; when it is true, the run is interrupted, and the same command continues it later. */
  readonly stop?: () => boolean
}

/**
 * Runs `run.ts` with these arguments. Its lines go to `say`; an interrupt is passed on and waited for.
 *
 * @returns the exit code and the last lines
 */
export const childRun = (
  args: ReadonlyArray<string>,
  say: (line: string) => void,
  { cwd, stop = () => false, without = [] }: ChildRunOptions = {}
): Effect.Effect<{ readonly code: number; readonly last: ReadonlyArray<string> }, RunError> =>
  Effect.callback((resume) => {
    const command = [...loaderOf(PROGRAM), PROGRAM, ...args]
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !without.includes(name)))
    const child = spawn(process.execPath, command, {
      stdio: ["ignore", "ignore", "pipe"],
      env,
      ...(cwd === undefined ? {} : { cwd })
    })
    const looking = setInterval(() => {
      if (!stop()) return
      clearInterval(looking)
      child.kill("SIGINT")
    }, 1000 * LOOK)
    const last: Array<string> = []
    let rest = ""
    const take = (line: string) => {
      last.push(line)
      if (last.length > LAST) last.shift()
      say(line)
    }
    child.stderr.on("data", (chunk: Buffer) => {
      const lines = `${rest}${chunk.toString("utf8")}`.split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) take(line)
    })
    child.on("error", (cause) => {
      clearInterval(looking)
      resume(
        Effect.fail(
          new RunError({
            subject: process.execPath,
            problem: `cannot be started (${cause.message})`,
            remedy: "Check that Node is there",
            cause
          })
        )
      )
    })
    child.on("close", (code) => {
      clearInterval(looking)
      if (rest !== "") take(rest)
      resume(Effect.succeed({ code: code ?? 1, last }))
    })
    return Effect.callback<void>((stopped) => {
      clearInterval(looking)
      if (child.exitCode !== null || child.signalCode !== null) return stopped(Effect.void)
      child.once("close", () => stopped(Effect.void))
      child.kill("SIGINT")
    })
  })
