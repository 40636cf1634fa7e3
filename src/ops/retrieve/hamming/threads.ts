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
    const settle = (act: () => void) => {
      worker.off("error", onError).off("exit", onExit).off("message", onMessage)
      act()
    }
    const onError = (cause: unknown) => settle(() => failed(cause))
    const onExit = (code: number) => settle(() => failed(new Error(`a search thread ended (exit code ${code})`)))
    const onMessage = (reply: Reply) =>
      settle(() => {
        if ("fault" in reply) failed(new Error(`a search thread failed (${reply.fault.message})`))
        else done(reply.output)
      })
    worker.on("error", onError).on("exit", onExit).on("message", onMessage)
    worker.postMessage(job)
  })

/**
 * Threads that start with the first search. They keep the process alive only while they search. A search fails if a thread
 * has ended, or ends before it answers.
 */
export const openThreads = (count: number): SearchThreads => {
  const { Worker } = builtin<typeof import("node:worker_threads")>("worker_threads")
  const entry = new URL("../../workers/entry.mjs", import.meta.url)
  const module = new URL("./search-worker.ts", import.meta.url).href
  let workers: ReadonlyArray<Worker> | undefined
  let ended: Error | undefined
  const start = (): Worker => {
    const worker = new Worker(entry, { execArgv: [], workerData: { module, data: undefined } })
    worker.once("exit", (code) => {
      ended ??= new Error(`a search thread has ended (exit code ${code})`)
    })
    // Without a listener, an error between two searches would end the process.
    worker.on("error", (cause) => {
      ended ??= cause instanceof Error ? cause : new Error(String(cause))
    })
    worker.unref()
    return worker
  }
  return {
    run: async (jobs) => {
      if (ended !== undefined) throw ended
      workers ??= Array.from({ length: count }, start)
      const used = workers.slice(0, jobs.length)
      for (const worker of used) worker.ref()
      try {
        return await Promise.all(jobs.map((job, i) => answerOf(used[i], job)))
      } finally {
        for (const worker of used) worker.unref()
      }
    },
    close: async () => {
      ended ??= new Error("the index is closed, so it cannot search on its threads")
      await Promise.all((workers ?? []).map((worker) => worker.terminate()))
    }
  }
}
