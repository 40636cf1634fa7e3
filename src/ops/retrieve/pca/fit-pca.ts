import { join } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { choice, PositiveInt, param } from "../../../pipeline/param.ts"
import { random } from "../../../pipeline/random.ts"
import type { Self } from "../../../pipeline/step.ts"
import { Compression, Embeddings } from "../../elements.ts"
import { FileName } from "../../filename.ts"
import { Run } from "../../run.ts"
import { workerPool } from "../../workers/pool.ts"
import { checkFitting } from "../fitted.ts"
import { ITQ_POINTS } from "../quantise/itq.ts"
import type { Rotating } from "../quantise/itq-work.ts"
import { type Reservoir, reservoir } from "../quantise/reservoir.ts"
import { RetrieveError } from "../retrieve-error.ts"
import type { Axes } from "./axes.ts"
import { explained, writePca } from "./file.ts"
import { addVectors, type Components, covarianceOf, type Moments, noMoments, project, rankOf } from "./pca.ts"

/** Rows that are processed before the run can be interrupted again. */
const ROWS = 64

/** Statistics of the embeddings that have passed so far. */
interface Seen {
  moments: Moments | undefined
  weights: string | undefined
  /** Some of the embeddings, if a rotation is fitted. */
  readonly points: Reservoir | undefined
}

const refuse = (subject: string, problem: string, remedy: string) => new RetrieveError({ subject, problem, remedy })

/** @throws RetrieveError if a batch does not match the batches before it, or has values that are not finite */
const checked = (seen: Seen, batch: Embeddings): Moments => {
  const { moments, weights } = seen
  checkFitting(batch, moments && { dim: moments.mean.length, weights })
  seen.weights = batch.weights
  seen.moments ??= noMoments(batch.dim)
  return seen.moments
}

const add = (seen: Seen, batch: Embeddings): Effect.Effect<void, RetrieveError> =>
  Effect.flatMap(
    attempt(RetrieveError)(() => checked(seen, batch)),
    (moments) => {
      seen.points?.add(batch.vectors, batch.dim)
      const starts = Array.from({ length: Math.ceil(batch.size / ROWS) }, (_, i) => i * ROWS * batch.dim)
      const block = (from: number) =>
        Effect.as(Effect.yieldNow, addVectors(moments, batch.vectors.subarray(from, from + ROWS * batch.dim)))
      return Effect.forEach(starts, (from) => Effect.suspend(() => block(from)), { discard: true })
    }
  )

/** @throws RetrieveError if the embeddings do not have `to` components */
const enough = (moments: Moments | undefined, to: number): Moments => {
  const from = moments?.mean.length ?? 0
  const count = moments?.count ?? 0
  if (moments === undefined) throw refuse("embeddings", "none arrived", "Read a split that holds patches")
  if (to > from) throw refuse(`dim: ${to}`, `the embeddings have ${from} dimensions`, `Set \`dim\` to at most ${from}`)
  if (to < count) return moments
  throw refuse(
    `dim: ${to}`,
    `${count} embeddings vary along at most ${count - 1} axes`,
    "Reduce `dim`, or fit on more embeddings"
  )
}

const axes = new URL("./axes.ts", import.meta.url)

const componentsOf = Effect.fnUntraced(function* (moments: Moments, to: number) {
  const dim = moments.mean.length
  const covariance = covarianceOf(moments)
  const pool = yield* workerPool<{ covariance: Float64Array; keep: number }, Axes>({ module: axes, size: 1 })
  const { components, variances } = yield* pool.run({ covariance, keep: to }, [covariance.buffer as ArrayBuffer])
  const rank = rankOf(variances, dim)
  if (rank < to) {
    const problem = `the embeddings vary along only ${rank} axes`
    return yield* refuse(
      `dim: ${to}`,
      problem,
      `Set \`dim\` to at most ${rank}, or find out why so many values are constant`
    )
  }
  const total = variances.reduce((sum, variance) => sum + Math.max(0, variance), 0)
  return { mean: moments.mean, components, variances: variances.slice(0, to), total } satisfies Components
}, Effect.scoped)

/** Turns components by ITQ, so that the signs of the coordinates lose the least. Each variance is the variance along the new axis. */
const turned = Effect.fnUntraced(function* (given: Components, points: Float32Array, seed: number) {
  const [k, d] = [given.variances.length, given.mean.length]
  const vectors = Float64Array.from(project(given, points, k, false))
  const module = new URL("../quantise/itq-work.ts", import.meta.url)
  const pool = yield* workerPool<Rotating, Float64Array>({ module, size: 1 })
  const rotation = yield* pool.run({ vectors, dim: k, seed })
  const components = new Float64Array(k * d)
  const variances = new Float64Array(k)
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      const factor = rotation[i * k + j]
      variances[j] += factor * factor * given.variances[i]
      for (let c = 0; c < d; c++) components[j * d + c] += factor * given.components[i * d + c]
    }
  }
  return { ...given, components, variances } satisfies Components
}, Effect.scoped)

const fitted = Effect.fnUntraced(function* (seen: Seen, to: number, name: string, { before }: Self) {
  const run = yield* Run
  const moments = yield* attempt(RetrieveError)(() => enough(seen.moments, to))
  const plain = yield* componentsOf(moments, to)
  const components = seen.points === undefined ? plain : yield* turned(plain, seen.points.sample(), run.seed)
  const { count } = moments
  const provenance = { experiment: run.experiment, pipeline: before ?? null, weights: seen.weights ?? null, count }
  const path = join(run.folder, `${name}.safetensors`)
  yield* attempt(RetrieveError)(() => writePca(path, { ...components, provenance }))
  yield* run.wrote(path)
  const share = explained(components, to)
  const from = moments.mean.length
  yield* run.record(`compressions.${name}`, { from, to, count, explained: share, weights: provenance.weights })
  yield* run.say(
    `  ${name}: ${to} of ${from} dimensions have ${(100 * share).toFixed(1)} % of the variance of ${count} embeddings`
  )
  return { kind: "compression" as const, path, from, to, count, explained: share }
})

/**
 * Fits principal components on the embeddings that pass. The embeddings are not kept: one pass collects their means and
 * products in double precision. With 2,048 dimensions this needs 80 MB and, at the end, a minute. For `rotation: itq` (Gong and
 * Lazebnik 2011), up to 10,000 embeddings are kept.
 */
export const fitPca = operator({
  name: "fit-pca",
  about: "Fits principal components on embeddings and writes them, for `compress`.",
  from: Embeddings,
  to: Compression,
  params: {
    dim: param(PositiveInt, "Number of components to keep."),
    to: param(FileName, "Name of the safetensors file in the run folder.", "pca"),
    rotation: param(
      choice("none", "itq"),
      "`itq` turns the components so that signs of coordinates lose the least, for `quantise: { to: binary }`; use all of them, with `whiten: false`.",
      "none"
    )
  },
  declares: { writes: ({ to }) => [`${to}.safetensors`] },
  run:
    ({ dim, rotation, to }, self) =>
    (embeddings) =>
      Stream.unwrap(
        Effect.map(Run, ({ seed }) => {
          const points = rotation === "itq" ? reservoir(ITQ_POINTS, random(seed, 0, 0, "itq points")) : undefined
          const seen: Seen = { moments: undefined, weights: undefined, points }
          return Stream.concat(
            Stream.drain(Stream.mapEffect(embeddings, (batch) => add(seen, batch))),
            Stream.fromEffect(Effect.suspend(() => fitted(seen, dim, to, self)))
          )
        })
      )
})
