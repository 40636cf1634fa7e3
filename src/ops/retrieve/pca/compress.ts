import { basename, join, resolve } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Flag, Name, optional, PositiveInt, param } from "../../../pipeline/param.ts"
import { Embeddings } from "../../elements.ts"
import { Run } from "../../run.ts"
import { compressed } from "../embeddings/origin.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { normaliseRows } from "../unit-length.ts"
import { type Fitted, readPca } from "./file.ts"
import { project } from "./pca.ts"

/** @throws RetrieveError if the compression was fitted on embeddings of another kind */
const checked = (path: string, { mean, provenance }: Fitted, batch: Embeddings): void => {
  const fail = (problem: string) => {
    throw new RetrieveError({ subject: path, problem, remedy: "Fit it on embeddings of this network, with `fit-pca`" })
  }
  if (batch.dim !== mean.length) {
    fail(`was fitted on embeddings of ${mean.length} dimensions, but these have ${batch.dim}`)
  }
  const { weights } = provenance
  if (weights !== null && batch.weights !== undefined && weights !== batch.weights) {
    fail(`was fitted on embeddings of other weights (${weights}) than these embeddings (${batch.weights})`)
  }
}

/** @throws RetrieveError if the file has fewer components than requested */
const wanted = (path: string, { variances }: Fitted, dim: number | undefined): number => {
  if (dim === undefined || dim <= variances.length) return dim ?? variances.length
  const problem = `${path} holds ${variances.length} components`
  throw new RetrieveError({
    subject: `dim: ${dim}`,
    problem,
    remedy: "Reduce `dim`, or fit more components with `fit-pca`"
  })
}

/** Whether `from` is a bare name, which means a file in the run folder. */
const isOfRun = (from: string): boolean => basename(from) === from

/** Shortens embeddings to their whitened coordinates on principal components, each embedding divided by its length. */
export const compress = operator({
  name: "compress",
  about: "Projects embeddings on the components that `fit-pca` wrote, whitens them, and divides each by its length.",
  from: Embeddings,
  to: Embeddings,
  params: {
    from: param(
      Name,
      "The compression: a file name in the run folder, or the path of a file of another run.",
      "pca.safetensors"
    ),
    dim: optional(PositiveInt, "Number of components to use, from the first; by default all in the file."),
    whiten: param(Flag, "Divides each coordinate by its standard deviation, so that all have equal weight.", true)
  },
  declares: { reads: ({ from }) => (isOfRun(from) ? [] : [resolve(from)]) },
  each: true,
  run:
    ({ from, dim, whiten }) =>
    (embeddings) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const run = yield* Run
          const path = isOfRun(from) ? join(run.folder, from) : resolve(from)
          const fitted = yield* attempt(RetrieveError)(() => readPca(path))
          const to = yield* attempt(RetrieveError)(() => wanted(path, fitted, dim))
          return Stream.mapEffect(embeddings, (batch) =>
            attempt(RetrieveError)((): Embeddings => {
              checked(path, fitted, batch)
              const vectors = normaliseRows(project(fitted, batch.vectors, to, whiten), to)
              const origin = batch.origin && { origin: compressed(batch.origin, path, to, whiten) }
              return { ...batch, dim: to, vectors, ...origin }
            })
          )
        })
      )
})
