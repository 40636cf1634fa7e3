/**
 * Reads a file on a thread of its own, which is ended if it fills its memory or does not answer in time: a library may do
 * either with a damaged file.
 */
import { statSync } from "node:fs"
import { Worker } from "node:worker_threads"
import { DataError } from "../../../formats/data-error.ts"

/** Answer of the thread; see `entry.mjs`. */
type Reply<Output> =
  | { readonly output: Output }
  | {
      readonly fault: {
        readonly subject?: string
        readonly problem?: string
        readonly remedy?: string
        readonly message: string
      }
    }

/** Memory of the thread in MiB; the labels of half a million images take half of it. */
const MEMORY = 2048

/** Seconds that reading may take: a hundred times what it takes, with the start of the thread. */
export const patience = (files: ReadonlyArray<string>): number =>
  files.reduce((sum, file) => sum + 60e-6 * (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 10)

/**
 * Runs one task on a thread of its own.
 *
 * @param module of the thread, see `Work`
 * @param task names the file that it reads
 * @param remedy for a file that the thread does not survive
 * @param seconds after which the thread is ended and the file refused
 * @returns rejects with the DataError of the thread, or with a DataError that says how the thread ended
 */
export const readGuarded = async <Output>(
  module: URL,
  task: { readonly file: string },
  remedy: string,
  seconds = patience([task.file])
): Promise<Output> => {
  const worker = new Worker(new URL("../../../workers/entry.mjs", import.meta.url), {
    execArgv: [],
    workerData: { module: module.href },
    resourceLimits: { maxOldGenerationSizeMb: MEMORY }
  })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<Output>((resolve, reject) => {
      const refuse = (why: string, cause?: unknown) =>
        reject(new DataError({ subject: task.file, problem: `cannot be read as parquet (${why})`, remedy, cause }))
      worker.on("message", (reply: Reply<Output>) => {
        if ("output" in reply) return resolve(reply.output)
        const { message, problem, remedy: given, subject } = reply.fault
        if (subject === undefined || problem === undefined || given === undefined) refuse(message)
        else reject(new DataError({ subject, problem, remedy: given }))
      })
      worker.on("error", (cause) => refuse(cause.message, cause))
      worker.on("exit", (code) => refuse(`its reader ended with code ${code}`))
      timer = setTimeout(() => refuse(`its reader did not answer in ${Math.round(seconds)} seconds`), 1000 * seconds)
      worker.postMessage(task)
    })
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}
