/** Worker threads that search codes, for code without Effect. Runs in Node. */
import type { Worker } from "node:worker_threads"
import { builtin } from "../../../pipeline/builtin.ts"
import type { Job } from "./search-worker.ts"

/** Threads, each of which answers one job at a time. */
export interface SearchThreads {
  readonly run: (jobs: ReadonlyArray<Job>) => Promise<ReadonlyArray<ReadonlyArray<Float64Array>>>
  readonly close: () => Promise<void>
}

type Reply = { readonly output: ReadonlyArray<Float64Array> } | { readonly fault: { readonly message: string } }

const answerOf = (worker: Worker, job: Job): Promise<ReadonlyArray<Float64Array>> =>
  new Promise((done, failed) => {
    const onMessage = (reply: Reply) => {
      worker.off("error", failed)
      if ("fault" in reply) failed(new Error(`a search thread failed (${reply.fault.message})`))
      else done(reply.output)
    }
    worker.once("error", failed)
    worker.once("message", onMessage)
    worker.postMessage(job)
  })

/** Starts threads. They keep the process alive only while they search. */
export const openThreads = (count: number): SearchThreads => {
  const { Worker } = builtin<typeof import("node:worker_threads")>("worker_threads")
  const entry = new URL("../../workers/entry.mjs", import.meta.url)
  const module = new URL("./search-worker.ts", import.meta.url).href
  const workers = Array.from(
    { length: count },
    () => new Worker(entry, { execArgv: [], workerData: { module, data: undefined } })
  )
  for (const worker of workers) worker.unref()
  return {
    run: async (jobs) => {
      const used = workers.slice(0, jobs.length)
      for (const worker of used) worker.ref()
      try {
        return await Promise.all(jobs.map((job, i) => answerOf(workers[i], job)))
      } finally {
        for (const worker of used) worker.unref()
      }
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()))
    }
  }
}
