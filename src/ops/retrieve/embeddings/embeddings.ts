import { resolve } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { source } from "../../../pipeline/operator.ts"
import { listOf, Name, optional, param } from "../../../pipeline/param.ts"
import { Embeddings, type Origin } from "../../elements.ts"
import { Run } from "../../run.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { withFacts } from "./labels/facts-table.ts"
import { type Images, imagesOf } from "./labels/given.ts"
import { originPath, readOrigin } from "./origin.ts"
import { openSource } from "./sources/open.ts"
import type { Rows, Source } from "./sources/source.ts"

/** Bytes of one batch: large enough for fast reading, small compared with any memory budget. */
const BATCH_BYTES = 2 ** 21

const batchOf = (
  { columns: dim }: Source,
  { classes, of }: Images,
  rows: Rows,
  origin: Origin | undefined,
  from: number,
  to: number
): Embeddings => {
  const { facts, labels, names } = of(rows, from, to)
  return {
    kind: "embeddings",
    size: to - from,
    dim,
    names,
    vectors: rows.vectors,
    labels,
    classes,
    ...(facts === undefined ? {} : { facts }),
    ...(origin === undefined ? {} : { origin, weights: origin.weights })
  }
}

/** How embeddings were made, if the file beside them says so and belongs to as many of this length. */
const originOf = ({ columns, path, rows }: Source): Origin | undefined => {
  const saved = readOrigin(originPath(path))
  if (saved === undefined || saved.rows !== rows || saved.dim !== columns) return undefined
  const { bands, compression, height, normalisation, weights, width } = saved
  return { weights, bands, height, width, normalisation, ...(compression === undefined ? {} : { compression }) }
}

/**
 * Reads embeddings of any program: `.npy` or `.npz` of NumPy, safetensors, Parquet, or a folder of such parts; one row of
 * float16, float32, float64 or int8 per image. Labels are a table, a matrix, a column of the file itself, or none. Only a few
 * batches are in memory at a time.
 */
export const embeddings = source({
  name: "embeddings",
  about:
    "Reads embeddings (.npy, .npz, .safetensors, .parquet, or a folder of parts), and names and labels if there are any.",
  to: Embeddings,
  params: {
    from: param(Name, "The file, or a folder of parts; relative to the current working directory."),
    labels: optional(
      Name,
      "A table with the header `name,CLASS,...` and rows of 0 and 1, or with a column `labels` (`a;b;c`), or a .npy matrix [n, classes] of 0 and 1. By default, labels come from the file of embeddings, if it has any."
    ),
    names: optional(
      Name,
      "A file of names, one per row of embeddings: text, or the first column of a table. By default, names come from the file of embeddings or of labels; if there are none, images are numbered."
    ),
    facts: optional(
      Name,
      "A table of facts about the images, such as the step `facts` writes: names in the first column, one fact per further column. `search` filters by them."
    ),
    array: optional(
      Name,
      "Name of the array (.npz), tensor (.safetensors) or column (.parquet) of the embeddings, if the file has several candidates."
    ),
    id: optional(Name, "Column of the images' names in a .parquet file, if it has no usual name such as `id`."),
    classes: optional(listOf(Name), "Names of the classes of a .npy matrix of labels, in the order of its columns.")
  },
  run: ({ array, classes, facts, from, id, labels, names }, self) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const opened = yield* openSource(resolve(from), { array, id })
        const { columns, rows } = opened
        const size = Math.max(1, Math.floor(BATCH_BYTES / (columns * 4)))
        const first = yield* opened.read(0, Math.min(rows, size))
        const given = { labels: labels && resolve(labels), names: names && resolve(names), classes }
        const images = yield* attempt(RetrieveError)(() => {
          const known = imagesOf(opened, first.names !== undefined, given)
          return facts === undefined ? known : withFacts(known, resolve(facts), opened.rows)
        })
        const { uses } = yield* Run
        const origin = originOf(opened)
        const files = [...opened.files, ...images.files, ...(origin === undefined ? [] : [originPath(opened.path)])]
        yield* Effect.forEach(files, uses, { discard: true })
        const batches = Math.ceil(rows / size)
        self.expect(batches)
        return Stream.range(0, batches - 1).pipe(
          Stream.rechunk(1),
          Stream.mapEffect((i) => {
            const [begin, end] = [i * size, Math.min(rows, (i + 1) * size)]
            return Effect.flatMap(i === 0 ? Effect.succeed(first) : opened.read(begin, end), (read) =>
              attempt(RetrieveError)(() => batchOf(opened, images, read, origin, begin, end))
            )
          })
        )
      })
    )
})
