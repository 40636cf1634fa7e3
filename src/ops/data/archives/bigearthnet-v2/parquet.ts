/**
 * Columns of a parquet file by name. They are read on a thread of their own, which is ended if it fills its memory or does
 * not answer in time: the library may do either with a damaged file.
 */
import { statSync } from "node:fs"
import { Worker } from "node:worker_threads"
import { DataError } from "../../../formats/data-error.ts"

/** Type of a column: one text per row, or a list of texts. */
export type Column = "text" | "texts"
type Value<C extends Column> = C extends "text" ? string : ReadonlyArray<string>

/** Columns by name. */
export type Wanted = Readonly<Record<string, Column>>

/** What is to be read of a file. */
export interface Task {
  readonly file: string
  /** Columns that must be there. */
  readonly wanted: Wanted
  /** Columns that are read if they are there; their values may be null. */
  readonly optional: Wanted
}

/** Values by column; of an optional column `undefined` for null, and the whole column if it is missing. */
export type Columns<W extends Wanted, O extends Wanted> = {
  readonly [K in keyof W]: ReadonlyArray<Value<W[K]>>
} & { readonly [K in keyof O]?: ReadonlyArray<Value<O[K]> | undefined> }

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

/** Memory of the thread in MiB; BigEarthNet's half a million rows take half of it. */
const MEMORY = 2048

/** Seconds that reading may take: a hundred times what it takes, with the start of the thread. */
const patience = (file: string): number => 10 + 60e-6 * (statSync(file, { throwIfNoEntry: false })?.size ?? 0)

const REMEDY = "Get the file anew, or give the archive's folder"

/**
 * Reads some columns of a file; other columns are ignored.
 *
 * @param wanted the first column names the rows in messages
 * @param optional columns that may be missing, or hold null
 * @param seconds after which the thread is ended and the file refused
 * @returns rejects with DataError if the file is missing or damaged, lacks a wanted column, or holds values of another type
 */
export const readParquet = async <const W extends Wanted, const O extends Wanted = Readonly<Record<never, Column>>>(
  file: string,
  wanted: W,
  optional?: O,
  seconds = patience(file)
): Promise<Columns<W, O>> => {
  const worker = new Worker(new URL("../../../workers/entry.mjs", import.meta.url), {
    execArgv: [],
    workerData: { module: new URL("./parquet-work.ts", import.meta.url).href },
    resourceLimits: { maxOldGenerationSizeMb: MEMORY }
  })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<Columns<W, O>>((resolve, reject) => {
      const refuse = (why: string, cause?: unknown) =>
        reject(new DataError({ subject: file, problem: `cannot be read as parquet (${why})`, remedy: REMEDY, cause }))
      worker.on("message", (reply: Reply<Columns<W, O>>) => {
        if ("output" in reply) return resolve(reply.output)
        const { message, problem, remedy, subject } = reply.fault
        if (subject === undefined || problem === undefined || remedy === undefined) refuse(message)
        else reject(new DataError({ subject, problem, remedy }))
      })
      worker.on("error", (cause) => refuse(cause.message, cause))
      worker.on("exit", (code) => refuse(`its reader ended with code ${code}`))
      timer = setTimeout(() => refuse(`its reader did not answer in ${Math.round(seconds)} seconds`), 1000 * seconds)
      worker.postMessage({ file, wanted, optional: optional ?? {} } satisfies Task)
    })
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}
