/**
 * Embeddings in Parquet: one list of numbers per row. Names, labels, the centre of a geometry and other plain columns are read
 * too, as products in GeoParquet have them. The file is read on a thread of its own.
 */
import { Effect, type Scope } from "effect"
import { optionalPackage } from "../../../../pipeline/packages.ts"
import { type WorkerError, workerPool } from "../../../workers/pool.ts"
import { RetrieveError } from "../../retrieve-error.ts"
import type { ParquetFacts, ParquetFile, ParquetTask } from "./parquet-work.ts"
import type { Rows, Source, SourceOptions } from "./source.ts"

/** Looks for the packages before a thread starts, which could not load without them. */
const packages = Effect.tryPromise({
  try: async () => {
    await optionalPackage("hyparquet", "Parquet files", RetrieveError)
    await optionalPackage("hyparquet-compressors", "Parquet files", RetrieveError)
  },
  catch: (cause) => cause as RetrieveError
})

const thrownThere = (error: WorkerError): RetrieveError => new RetrieveError(error)

/** Opens a table until the scope ends. Fails with RetrieveError if it has no such column, or is damaged. */
export const openParquet = (path: string, options: SourceOptions): Effect.Effect<Source, RetrieveError, Scope.Scope> =>
  Effect.gen(function* () {
    yield* packages
    const data: ParquetFile = { path, array: options.array, id: options.id }
    const module = new URL("./parquet-work.ts", import.meta.url)
    const pool = yield* workerPool<ParquetTask, ParquetFacts | Rows>({ module, size: 1, data })
    const ask = (task: ParquetTask) => Effect.mapError(pool.run(task), thrownThere)
    const { classes, columns, rows } = (yield* ask("open")) as ParquetFacts
    return {
      path,
      files: [path],
      rows,
      columns,
      classes,
      read: (from, to) => ask({ from, to }) as Effect.Effect<Rows, RetrieveError>,
      close: () => {}
    }
  })
