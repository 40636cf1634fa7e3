/**
 * Columns of a parquet file, by name. They are read on a thread of its own: of a damaged file the library that reads may fill
 * all memory, or never come back, and then the thread is ended.
 */
import { statSync } from "node:fs"
import { Worker } from "node:worker_threads"
import { DataError } from "../../../formats/data-error.ts"

/** What a column holds: a text a row, or a list of texts. */
export type Column = "text" | "texts"
type Values<C extends Column> = C extends "text" ? string : ReadonlyArray<string>
export type Wanted = Readonly<Record<string, Column>>
export type Columns<S extends Wanted> = {
  readonly [K in keyof S]: ReadonlyArray<Values<S[K]>>
}

/** What the thread says; see `entry.mjs`. */
type Reply<S extends Wanted> =
  | { readonly output: Columns<S> }
  | {
      readonly fault: {
        readonly subject?: string
        readonly problem?: string
        readonly remedy?: string
        readonly message: string
      }
    }

/** MiB that a thread may take: BigEarthNet's half a million rows take a quarter of it. */
const MEMORY = 4096

/** Seconds that reading may take: a hundred times what it does, thread and all. */
const patience = (file: string): number => 10 + 60e-6 * (statSync(file, { throwIfNoEntry: false })?.size ?? 0)

const REMEDY = "Get the file anew, or give the archive's folder"

/**
 * Reads some columns of a file; others are left alone, in whatever order they stand.
 *
 * @param wanted the first column names the rows in messages
 * @param seconds after which a file is taken for damaged
 * @returns rejects with DataError where the file is missing or damaged, lacks a column, or holds something else in it
 */
export const readParquet = async <const S extends Wanted>(
  file: string,
  wanted: S,
  seconds = patience(file)
): Promise<Columns<S>> => {
  const worker = new Worker(new URL("../../../workers/entry.mjs", import.meta.url), {
    execArgv: [],
    workerData: { module: new URL("./parquet-work.ts", import.meta.url).href },
    resourceLimits: { maxOldGenerationSizeMb: MEMORY }
  })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<Columns<S>>((resolve, reject) => {
      const refuse = (why: string, cause?: unknown) =>
        reject(new DataError({ subject: file, problem: `cannot be read as parquet (${why})`, remedy: REMEDY, cause }))
      worker.on("message", (reply: Reply<S>) => {
        if ("output" in reply) return resolve(reply.output)
        const { message, problem, remedy, subject } = reply.fault
        if (subject === undefined || problem === undefined || remedy === undefined) refuse(message)
        else reject(new DataError({ subject, problem, remedy }))
      })
      worker.on("error", (cause) => refuse(cause.message, cause))
      worker.on("exit", (code) => refuse(`its reader ended with code ${code}`))
      timer = setTimeout(() => refuse(`nothing came of it in ${Math.round(seconds)} seconds`), 1000 * seconds)
      worker.postMessage({ file, wanted })
    })
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}
