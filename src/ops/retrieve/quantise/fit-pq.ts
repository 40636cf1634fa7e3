import { join } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { PositiveInt, param } from "../../../pipeline/param.ts"
import { random } from "../../../pipeline/random.ts"
import { Compression, Embeddings } from "../../elements.ts"
import { FileName } from "../../filename.ts"
import { Run } from "../../run.ts"
import { checkFitting } from "../fitted.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { writeCodebook } from "./codebook-file.ts"
import { type Codebook, fitCodebook, MOST_POINTS, productCodes, productVectors } from "./product.ts"
import { reservoir } from "./reservoir.ts"

/** Smallest number of embeddings for which the figures also hold for new images: 39 per centre, as in faiss. */
const ENOUGH = 39 * 256

/** The embeddings that have passed so far. */
interface Seen {
  dim: number
  count: number
  weights: string | undefined
}

/** Share of the variance of vectors that their codes keep. */
const keptVariance = (book: Codebook, vectors: Float32Array): number => {
  const { dim } = book
  const near = productVectors(book, productCodes(book, vectors))
  const mean = new Float64Array(dim)
  vectors.forEach((value, at) => {
    mean[at % dim] += (value * dim) / vectors.length
  })
  let [lost, all] = [0, 0]
  vectors.forEach((value, at) => {
    lost += (value - near[at]) ** 2
    all += (value - mean[at % dim]) ** 2
  })
  return all === 0 ? 1 : 1 - lost / all
}

const fitted = Effect.fnUntraced(function* (
  seen: Seen,
  sample: Float32Array,
  { iterations, parts, to }: { readonly iterations: number; readonly parts: number; readonly to: string }
) {
  const run = yield* Run
  const { count, dim, weights } = seen
  if (count === 0 || parts > dim) {
    return yield* new RetrieveError({
      subject: count === 0 ? "embeddings" : `parts: ${parts}`,
      problem: count === 0 ? "none arrived" : `the embeddings have ${dim} dimensions`,
      remedy: count === 0 ? "Read a split that holds patches" : `Set \`parts\` to at most ${dim}`
    })
  }
  const book = fitCodebook(sample, dim, parts, iterations, run.seed)
  const path = join(run.folder, `${to}.safetensors`)
  const manifest = { experiment: run.experiment, dim, parts, count, weights: weights ?? null }
  yield* attempt(RetrieveError)(() => writeCodebook(path, book, manifest))
  yield* run.wrote(path)
  const share = keptVariance(book, sample)
  yield* run.record(`compressions.${to}`, { from: dim, to: parts, count, explained: share, weights: manifest.weights })
  yield* run.say(`  ${to}: ${parts} bytes keep ${(100 * share).toFixed(1)} % of the variance of ${count} embeddings`)
  if (count < ENOUGH) {
    yield* run.say(
      `  ${to}: ${count} embeddings are few for 256 centres per part, so their figures look better than those of new images; fit on at least ${ENOUGH}`
    )
  }
  return { kind: "compression" as const, path, from: dim, to: parts, count, explained: share }
})

/**
 * Fits a product quantisation on the embeddings that pass: a vector is divided into parts, and k-means finds 256 centres for each
 * part. Up to 16,384 embeddings are kept for it, drawn by the run's seed.
 */
export const fitPq = operator({
  name: "fit-pq",
  about: "Fits a product quantisation on embeddings and writes it, for `quantise`.",
  from: Embeddings,
  to: Compression,
  params: {
    parts: param(PositiveInt, "Number of parts of a vector, and of bytes per image.", 16),
    iterations: param(PositiveInt, "Iterations of k-means, at most.", 10),
    to: param(FileName, "Name of the safetensors file in the run folder.", "pq")
  },
  declares: { writes: ({ to }) => [`${to}.safetensors`] },
  run: (params) => (embeddings) =>
    Stream.unwrap(
      Effect.map(Run, ({ seed }) => {
        const seen: Seen = { dim: 0, count: 0, weights: undefined }
        const points = reservoir(MOST_POINTS, random(seed, 0, 0, "pq points"))
        const add = (batch: Embeddings) =>
          attempt(RetrieveError)(() => {
            const { dim, size, vectors, weights } = batch
            checkFitting(batch, seen.count > 0 ? seen : undefined)
            points.add(vectors, dim)
            Object.assign(seen, { dim, weights, count: seen.count + size })
          })
        return Stream.concat(
          Stream.drain(Stream.mapEffect(embeddings, add)),
          Stream.fromEffect(Effect.suspend(() => fitted(seen, points.sample(), params)))
        )
      })
    )
})
