/**
 * The thread that starts the other threads of a team and reports when one of them ends. The calling thread waits without an
 * event loop, so it could not notice that itself. It does not import Effect.
 */
import { type MessagePort, Worker } from "node:worker_threads"
import type { Work } from "./thread.ts"

/** The threads to start. */
export interface Guarded {
  /** URL of their module, which exports `work`. */
  readonly module: string
  /** One port for each thread, by which it receives its jobs. */
  readonly jobs: ReadonlyArray<MessagePort>
  /** Port that receives the reason when a thread ends. */
  readonly ends: MessagePort
}

export const work: Work<Guarded, never, undefined> = ({ ends, jobs, module }) => {
  for (const port of jobs) {
    const thread = new Worker(new URL("./entry.mjs", import.meta.url), {
      execArgv: [],
      workerData: { module, data: undefined, port },
      transferList: [port]
    })
    let why: string | undefined
    thread.on("error", (cause) => {
      why = cause instanceof Error ? cause.message : String(cause)
    })
    thread.on("exit", (code) => ends.postMessage(why ?? `exit code ${code}`))
  }
  return () => ({ output: undefined })
}
