/**
 * Threads that share the loops of a synchronous computation. The calling thread works on its own loop and waits until the loop
 * is complete, so its caller need not be asynchronous. It does not import Effect, like all code that plain functions use.
 */
import { Worker } from "node:worker_threads"
import { complete, type Job, newState, type Team, takePart } from "./loops.ts"

/** Parts of a loop per thread: more than one, because rows may differ in cost. */
const PARTS = 8

/** A team, until it is closed. */
export interface OpenTeam extends Team {
  /** Ends the other threads. */
  readonly close: () => void
}

/**
 * Makes a team of `size` threads, the calling one included. The others start with the first loop; until they are ready, this
 * thread computes alone. They do not keep the process alive.
 *
 * @param module URL of a module that exports `work`, which returns a function of a `Job`
 */
export const openTeam = (module: URL, size: number): OpenTeam => {
  let workers: ReadonlyArray<Worker> | undefined
  let fault: unknown
  const memory = new Map<string, SharedArrayBuffer>()
  const start = (): Worker => {
    const worker = new Worker(new URL("./entry.mjs", import.meta.url), {
      execArgv: [],
      workerData: { module: module.href, data: undefined }
    })
    worker.on("error", (cause) => {
      fault ??= cause
    })
    worker.unref()
    return worker
  }
  return {
    run: (loop, data, count) => {
      if (fault !== undefined) throw fault
      workers ??= Array.from({ length: size - 1 }, start)
      const chunk = Math.max(1, Math.floor(count / (size * PARTS)))
      const job: Job = { name: loop.name, data, count, chunk, state: newState() }
      for (const worker of workers) worker.postMessage(job)
      try {
        takePart(loop, job)
      } finally {
        complete(job)
      }
    },
    memory: (name, bytes) => {
      const known = memory.get(name)
      if (known !== undefined && known.byteLength >= bytes) return known
      const made = new SharedArrayBuffer(bytes)
      memory.set(name, made)
      return made
    },
    close: () => {
      for (const worker of workers ?? []) void worker.terminate()
      workers = []
      memory.clear()
    }
  }
}
