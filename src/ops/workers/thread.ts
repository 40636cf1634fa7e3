/**
 * One worker thread, as an Effect resource that answers one question at a time.
 *
 * Rule: code that runs in a worker thread imports no Effect, neither itself nor through other files. Loading Effect takes
 * about a second and 40 MB in every thread. Allowed is `effect/Data`, the base of error classes (see `explained`), and
 * `import type` of anything. A file that both sides need is therefore divided: what a thread runs, and beside it the schema
 * or the operator. `test/workers.test.ts` follows the imports of every thread's first module and holds this.
 */
import { Worker } from "node:worker_threads"
import { Effect, type Scope } from "effect"
import { explained } from "../../pipeline/explained.ts"

/**
 * A task has failed in a worker thread, or the thread has died. If the task threw an explained error, subject, problem and
 * remedy are those of that error, and `thrown` is its tag.
 */
export class WorkerError extends explained("WorkerError") {
  declare readonly thrown: string | undefined
}

/** Type of `work`, which a module for worker threads exports. `data` is given once to each thread, `input` with each task. */
export type Work<Data, In, Out> = (data: Data) => Task<In, Out> | Promise<Task<In, Out>>
/** One task of a thread. */
export type Task<In, Out> = (input: In) => Done<Out> | Promise<Done<Out>>
/** The result of a task. */
export interface Done<Out> {
  readonly output: Out
  /** Buffers in `output` that are moved to the main thread, not copied. */
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

/** A running thread. */
export interface Thread<In, Out> {
  /** Runs one task. It cannot be interrupted, because the thread must finish before it takes another task. */
  readonly ask: (input: In, transfer: ReadonlyArray<ArrayBuffer>) => Effect.Effect<Out, WorkerError>
  /** Whether the thread can take another task. */
  readonly alive: () => boolean
}

/** Starts a thread that ends with the scope. @param module URL of a module that exports `work` */
export const openThread = <In, Out>(module: URL, data: unknown): Effect.Effect<Thread<In, Out>, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(
        () =>
          // Without the options of this process: tsx's own would fail in a thread.
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
