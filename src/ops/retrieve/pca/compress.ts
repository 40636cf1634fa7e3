import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Flag, Name, optional, PositiveInt, param } from "../../../pipeline/param.ts"
import { Embeddings } from "../../elements.ts"
import { compressed } from "../embeddings/origin.ts"
import { checkFitted, fittedReads, openFitted } from "../fitted.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { normaliseRows } from "../unit-length.ts"
import { type Fitted, readPca } from "./file.ts"
import { project } from "./pca.ts"

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
  declares: { reads: ({ from }) => fittedReads(from) },
  run:
    ({ from, dim, whiten }) =>
    (embeddings) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const fitted = yield* openFitted(from, readPca)
          const { digest: file, mean, path, provenance } = fitted
          const on = { dim: mean.length, weights: provenance.weights }
          const to = yield* attempt(RetrieveError)(() => wanted(path, fitted, dim))
          return Stream.mapEffect(embeddings, (batch) =>
            attempt(RetrieveError)((): Embeddings => {
              checkFitted(path, "fit-pca", on, batch)
              const vectors = normaliseRows(project(fitted, batch.vectors, to, whiten), to)
              const origin = batch.origin && { origin: compressed(batch.origin, file, to, whiten) }
              return { ...batch, dim: to, vectors, ...origin }
            })
          )
        })
      )
})
