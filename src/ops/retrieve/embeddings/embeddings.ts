import { closeSync } from "node:fs"
import { resolve } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { source } from "../../../pipeline/operator.ts"
import { Name, param } from "../../../pipeline/param.ts"
import { Embeddings, type Origin } from "../../elements.ts"
import { Run } from "../../run.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { type LabelTable, readLabels } from "./labels-file.ts"
import { type NpyMatrix, openNpy, readRows } from "./npy-read.ts"
import { originPath, readOrigin } from "./origin.ts"

/** Bytes of one batch: large enough for fast reading, small compared with any memory budget. */
const BATCH_BYTES = 4 * 2 ** 20

/** @throws RetrieveError if the numbers of labels and embeddings differ */
const matching = ({ path, rows }: NpyMatrix, labels: LabelTable): LabelTable => {
  if (labels.names.length === rows) return labels
  throw new RetrieveError({
    subject: labels.path,
    problem: `has ${labels.names.length} rows, but ${path} has ${rows} embeddings`,
    remedy: "Give one row of labels per embedding, in the same order"
  })
}

const batchOf = (
  matrix: NpyMatrix,
  { classes, labels, names }: LabelTable,
  origin: Origin | undefined,
  from: number,
  to: number
): Embeddings => ({
  kind: "embeddings",
  size: to - from,
  dim: matrix.columns,
  names: names.slice(from, to),
  vectors: readRows(matrix, from, to),
  labels: labels.slice(from * classes.length, to * classes.length),
  classes,
  ...(origin === undefined ? {} : { origin, weights: origin.weights })
})

/** How a matrix was made, if the file beside it says so and belongs to a matrix of this size. */
const originOf = ({ columns, path, rows }: NpyMatrix): Origin | undefined => {
  const saved = readOrigin(originPath(path))
  if (saved === undefined || saved.rows !== rows || saved.dim !== columns) return undefined
  const { bands, compression, height, normalisation, weights, width } = saved
  return { weights, bands, height, width, normalisation, ...(compression === undefined ? {} : { compression }) }
}

/**
 * Reads embeddings of any program: a `.npy` matrix, float32 or float64 [n, d], C order, little-endian, one row per image, and
 * a table of names and labels with the header `name,CLASS,...`. Only a few batches are in memory at a time.
 */
export const embeddings = source({
  name: "embeddings",
  about: "Reads embeddings (.npy, float32 or float64 [n, d]) and their names and labels (.csv).",
  to: Embeddings,
  params: {
    from: param(Name, "The .npy file; relative to the current working directory."),
    labels: param(Name, "The table: header `name,CLASS,...`, then one row of 0 and 1 per embedding.")
  },
  run: ({ from, labels: table }, self) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const matrix = yield* Effect.acquireRelease(
          attempt(RetrieveError)(() => openNpy(resolve(from))),
          ({ fd }) => Effect.sync(() => closeSync(fd))
        )
        const labels = yield* attempt(RetrieveError)(() => matching(matrix, readLabels(resolve(table))))
        const { uses } = yield* Run
        const origin = originOf(matrix)
        const files = [resolve(from), resolve(table), ...(origin === undefined ? [] : [originPath(matrix.path)])]
        yield* Effect.forEach(files, uses, { discard: true })
        const size = Math.max(1, Math.floor(BATCH_BYTES / (matrix.columns * matrix.bytes)))
        const batches = Math.ceil(matrix.rows / size)
        self.expect(batches)
        return Stream.range(0, batches - 1).pipe(
          Stream.rechunk(1),
          Stream.mapEffect((i) =>
            attempt(RetrieveError)(() =>
              batchOf(matrix, labels, origin, i * size, Math.min(matrix.rows, (i + 1) * size))
            )
          )
        )
      })
    )
})
