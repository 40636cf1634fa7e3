/** One worker thread, as an Effect resource that answers one question at a time. */
import { Worker } from "node:worker_threads"
import { Effect, type Scope } from "effect"
import { explained } from "../../pipeline/explained.ts"

/**
 * A task that failed in a worker thread, or a thread that died. Where the task threw an explained error, subject, problem
 * and remedy are that error's, and `thrown` its tag.
 */
export class WorkerError extends explained("WorkerError") {
  declare readonly thrown: string | undefined
}

/** What a module for workers exports as `work`; `data` is given once to each thread, `input` with each task. */
export type Work<Data, In, Out> = (data: Data) => Task<In, Out> | Promise<Task<In, Out>>
export type Task<In, Out> = (input: In) => Done<Out> | Promise<Done<Out>>
export interface Done<Out> {
  readonly output: Out
  /** Buffers in `output` that move rather than being copied. */
  readonly transfer?: ReadonlyArray<ArrayBufferLike>
}

interface Fault {
  readonly tag: string | undefined
  readonly subject: string | undefined
  readonly problem: string | undefined
  readonly remedy: string | undefined
  readonly message: string
  readonly stack: string | undefined
}
type Reply<Out> = { readonly output: Out } | { readonly fault: Fault }

const REPORT = "This is a fault of orbitrank itself: please report it"

const workerError = ({ tag, subject, problem, remedy, message, stack }: Fault, module: string): WorkerError =>
  Object.assign(
    new WorkerError({
      subject: subject ?? module,
      problem: problem ?? `a worker thread failed (${stack ?? message})`,
      remedy: remedy ?? REPORT
    }),
    { thrown: tag }
  )

const died = (module: string, why: string): WorkerError =>
  new WorkerError({ subject: module, problem: `a worker thread ended (${why})`, remedy: REPORT })

export interface Thread<In, Out> {
  /** Not interruptible: the thread must be done before anything else is asked of it. */
  readonly ask: (input: In, transfer: ReadonlyArray<ArrayBuffer>) => Effect.Effect<Out, WorkerError>
  readonly alive: () => boolean
}

/** Starts a thread; it ends with the scope. */
export const openThread = <In, Out>(module: URL, data: unknown): Effect.Effect<Thread<In, Out>, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(
        () =>
          // Without the options of this process: among them may be tsx's own, for which there is no place here.
          new Worker(new URL("./entry.mjs", import.meta.url), {
            execArgv: [],
            workerData: { module: module.href, data }
          })
      ),
      (worker) => Effect.promise(() => worker.terminate())
    ),
    (worker) => answering<In, Out>(worker, module.href)
  )

const answering = <In, Out>(worker: Worker, module: string): Thread<In, Out> => {
  type Answer = Effect.Effect<Out, WorkerError>
  let pending: ((answer: Answer) => void) | undefined
  let death: WorkerError | undefined
  const settle = (answer: Answer) => {
    const waiting = pending
    pending = undefined
    waiting?.(answer)
  }
  const die = (why: string) => {
    death ??= died(module, why)
    settle(Effect.fail(death))
  }
  worker.on("message", (reply: Reply<Out>) =>
    settle("fault" in reply ? Effect.fail(workerError(reply.fault, module)) : Effect.succeed(reply.output))
  )
  worker.on("error", (error) => die(error.stack ?? error.message))
  worker.on("exit", (code) => die(`exit code ${code}`))
  return {
    alive: () => death === undefined,
    ask: (input, transfer) =>
      Effect.uninterruptible(
        Effect.callback<Out, WorkerError>((resume) => {
          if (death !== undefined) return resume(Effect.fail(death))
          pending = resume
          worker.postMessage(input, [...transfer])
        })
      )
  }
}
