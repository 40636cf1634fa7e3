/** Runs in processes of their own, each exactly as a user would start it. */
import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"
import { loaderOf } from "../../pipeline/loader.ts"
import { LAUNCHER } from "../../pipeline/stopping.ts"
import { messageOf } from "../../pipeline/words.ts"
import { RunError } from "../run-error.ts"

/** The first file of such a process. */
const PROGRAM = fileURLToPath(new URL("./run-process.ts", import.meta.url))

/** From here to such a process: the arguments of a run, or that the present run is to stop. */
export type Asked = { readonly run: ReadonlyArray<string> } | { readonly stop: true }

/** Begins the line that follows the last one of a run; the exit code ends it. */
export const ENDED = "\u0004ended "

/** Most lines of a failed run that are repeated. */
const LAST = 12

/** Seconds between two looks whether a run is to stop. */
const LOOK = 1

/** Runs after which a process is replaced: the memory that runs leave to it stays bounded. */
const MOST_RUNS = 25

export interface RunProcessesOptions {
  readonly cwd?: string
  /** Environment variables that runs do not get. */
  readonly without?: ReadonlyArray<string>
}

export interface ChildRunOptions {
  /**
   * Runs of one kind may follow each other in one process: they open the same engine with the same settings. By default, a run
   * is of a kind of its own.
   */
  readonly kind?: string
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

/** Runs `run.ts` with these arguments. Its lines go to `say`; an interrupt is passed on and waited for. */
export type ChildRun = (
  args: ReadonlyArray<string>,
  say: (line: string) => void,
  options?: ChildRunOptions
) => Effect.Effect<EndedRun, RunError>

/** A process that runs one configuration at a time. */
class RunProcess {
  readonly process: ChildProcess
  readonly kind: string | undefined
  runs = 0
  private rest = ""
  private hear: (line: string) => void = () => {}

  constructor(kind: string | undefined, { cwd, without = [] }: RunProcessesOptions) {
    const kept = Object.entries(process.env).filter(([name]) => !without.includes(name))
    const env = { ...Object.fromEntries(kept), [LAUNCHER]: String(process.pid) }
    const place = cwd === undefined ? {} : { cwd }
    this.kind = kind
    this.process = fork(PROGRAM, [], {
      ...{ execArgv: [...loaderOf(PROGRAM)], stdio: ["ignore", "ignore", "pipe", "ipc"], env },
      ...place
    })
    this.process.stderr?.on("data", (chunk: Buffer) => {
      const lines = `${this.rest}${chunk.toString("utf8")}`.split("\n")
      this.rest = lines.pop() ?? ""
      for (const line of lines) this.hear(line)
    })
  }

  get isAlive(): boolean {
    const { exitCode, pid, signalCode } = this.process
    return pid !== undefined && exitCode === null && signalCode === null
  }

  private ask(asked: Asked): void {
    if (this.process.connected) this.process.send(asked, () => {})
  }

  /** Runs until the process says that the run has ended, or ends itself. */
  run(args: ReadonlyArray<string>, say: (line: string) => void): Promise<EndedRun> {
    const last: Array<string> = []
    const take = (line: string) => {
      last.push(line)
      if (last.length > LAST) last.shift()
      say(line)
    }
    this.runs++
    return new Promise((done, failed) => {
      const closed = (code: number | null, signal: NodeJS.Signals | null) => {
        if (this.rest !== "") take(this.rest)
        done({ code: code ?? 1, signal: signal ?? undefined, last })
      }
      this.hear = (line) => {
        if (!line.startsWith(ENDED)) return take(line)
        this.process.off("close", closed)
        done({ code: Number(line.slice(ENDED.length)), signal: undefined, last })
      }
      this.process.on("close", closed)
      this.process.on("error", failed)
      this.ask({ run: args })
    })
  }

  /** Lets the present run stop; the process stays. */
  stop(): void {
    this.ask({ stop: true })
  }

  /** Ends the process, and its run cleanly. */
  readonly end: Effect.Effect<void> = Effect.callback((ended) => {
    if (!this.isAlive) return ended(Effect.void)
    this.process.once("close", () => ended(Effect.void))
    this.process.kill("SIGINT")
  })
}

/** Processes that wait for their next run. */
class Idle {
  private readonly waiting: Array<RunProcess> = []
  private readonly options: RunProcessesOptions
  constructor(options: RunProcessesOptions) {
    this.options = options
  }

  /** One of this kind; one of another kind ends for it. */
  take(kind: string | undefined): RunProcess {
    const at = kind === undefined ? -1 : this.waiting.findIndex((one) => one.kind === kind && one.isAlive)
    if (at >= 0) return this.waiting.splice(at, 1)[0]
    this.waiting.pop()?.process.kill("SIGKILL")
    return new RunProcess(kind, this.options)
  }

  give(one: RunProcess): void {
    if (one.isAlive && one.kind !== undefined && one.runs < MOST_RUNS) this.waiting.push(one)
    else one.process.kill("SIGKILL")
  }

  end(): void {
    for (const { process } of this.waiting.splice(0)) process.kill("SIGKILL")
  }
}

/** Looks every second whether a run is to stop; gives whatever `stop` threw. */
const looking = (one: RunProcess, stop: () => boolean) => {
  let fault: unknown
  const isOver = (): boolean => {
    try {
      return stop()
    } catch (cause) {
      fault = cause
      return true
    }
  }
  const timer = setInterval(() => {
    if (!isOver()) return
    clearInterval(timer)
    one.stop()
  }, 1000 * LOOK)
  return () => {
    clearInterval(timer)
    return fault
  }
}

/** Runs a configuration in one of some processes. */
const runIn =
  (idle: Idle): ChildRun =>
  (args, say, { kind, stop = () => false } = {}) =>
    Effect.gen(function* () {
      const one = idle.take(kind)
      const ended = looking(one, stop)
      const run = yield* Effect.tryPromise({
        try: () => one.run(args, say),
        catch: (cause) =>
          new RunError({
            subject: process.execPath,
            problem: `cannot be started (${messageOf(cause)})`,
            remedy: "Check that Node is there",
            cause
          })
      }).pipe(
        Effect.onInterrupt(() => one.end),
        Effect.ensuring(
          Effect.sync(() => {
            ended()
            idle.give(one)
          })
        )
      )
      const fault = ended()
      if (fault instanceof RunError) return yield* fault
      return fault === undefined ? run : yield* Effect.die(fault)
    })

/** Opens processes for runs. They are started when they are needed, and end with the scope. */
export const openRuns = (options: RunProcessesOptions = {}): Effect.Effect<ChildRun, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Idle(options)),
      (idle) => Effect.sync(() => idle.end())
    ),
    runIn
  )

/** A run in a process of its own, see `ChildRun`. */
export const childRun: ChildRun = (args, say, options) =>
  Effect.scoped(Effect.flatMap(openRuns(), (run) => run(args, say, options)))
