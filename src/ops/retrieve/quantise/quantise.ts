import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { choice, Name, optional, param } from "../../../pipeline/param.ts"
import { Embeddings } from "../../elements.ts"
import { checkFitted, fittedReads, type Opened, openFitted } from "../fitted.ts"
import { type Fitted, readPca } from "../pca/file.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { normaliseRows } from "../unit-length.ts"
import { readCodebook } from "./codebook-file.ts"
import { toInt8, toSigns } from "./codes.ts"
import { productCodes, productVectors } from "./product.ts"

/** Each form: how vectors become it, and its bits per value. */
const forms = {
  int8: { of: toInt8, bits: 8 },
  binary: { of: toSigns, bits: 1 }
} as const
type Form = keyof typeof forms

/** Share of values of one sign from which signs say nothing. */
const ONE_SIDED = 0.99

/** @throws RetrieveError if nearly all values have one sign, as behind a ReLU: their signs would all be equal */
const checkSigns = ({ names, vectors }: Embeddings): void => {
  const positive = vectors.reduce((count, value) => count + (value >= 0 ? 1 : 0), 0) / vectors.length
  if (vectors.length === 0 || Math.min(positive, 1 - positive) >= 1 - ONE_SIDED) return
  throw new RetrieveError({
    subject: `quantise: ${names[0]}`,
    problem: "nearly all values of these embeddings have the same sign, so their signs say nothing",
    remedy: "Set `centre` to a file that `fit-pca` wrote, or put `compress` before it: both subtract the mean"
  })
}

/** Embeddings that a compression has replaced by others of the same length. */
const replaced = (batch: Embeddings, vectors: Float32Array, form: string): Embeddings => {
  const unit = { ...batch, vectors: normaliseRows(vectors, batch.dim) }
  if (batch.origin === undefined) return unit
  const before = batch.origin.compression
  return { ...unit, origin: { ...batch.origin, compression: before === undefined ? form : `${before}, ${form}` } }
}

const centreOf = Effect.fnUntraced(function* (from: string, to: string) {
  if (to === "binary") return yield* openFitted(from, readPca)
  const problem = `is given, but \`to: ${to}\` takes no signs`
  return yield* new RetrieveError({ subject: "quantise: centre", problem, remedy: "Omit it, or set `to: binary`" })
})

/** Embeddings minus the mean. @throws RetrieveError if it is the mean of embeddings of another kind */
const centred = (batch: Embeddings, { mean, path, provenance }: Opened<Fitted>): Embeddings => {
  checkFitted(path, "fit-pca", { dim: mean.length, weights: provenance.weights }, batch)
  return { ...batch, vectors: batch.vectors.map((value, at) => value - mean[at % batch.dim]) }
}

/** Replaces embeddings by what is left of them in eight bits or one bit per value, or in one byte per part of a vector. */
export const quantise = operator({
  name: "quantise",
  about:
    "Reduces embeddings to 8 bits or 1 bit per value, or to 1 byte per part; each result is divided by its length.",
  from: Embeddings,
  to: Embeddings,
  params: {
    to: param(
      choice("int8", "binary", "pq"),
      "`int8`: whole numbers from -127 to 127, scaled by the largest value of each vector. `binary`: the sign of each value; ranking by `cosine` is then ranking by Hamming distance. `pq`: the nearest of 256 centres for each part of a vector, which `fit-pq` wrote."
    ),
    from: param(
      Name,
      "For `pq`: a file name in the run folder, or the path of a file of another run.",
      "pq.safetensors"
    ),
    centre: optional(
      Name,
      "For `binary`: a file that `fit-pca` wrote, whose mean is subtracted before signs are taken; all values are kept."
    )
  },
  declares: {
    reads: ({ centre, from, to }) => [
      ...(to === "pq" ? fittedReads(from) : []),
      ...(centre === undefined ? [] : fittedReads(centre))
    ]
  },
  run:
    ({ centre, from, to }, { note }) =>
    (embeddings) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const book = to === "pq" ? yield* openFitted(from, readCodebook) : undefined
          const middle = centre === undefined ? undefined : yield* centreOf(centre, to)
          const one = (batch: Embeddings): Embeddings => {
            if (book !== undefined) {
              checkFitted(book.path, "fit-pq", book.manifest, batch)
              note?.(`${book.centres.length} bytes per image instead of ${4 * batch.dim}`)
              return replaced(batch, productVectors(book, productCodes(book, batch.vectors)), `pq ${book.digest}`)
            }
            const given = middle === undefined ? batch : centred(batch, middle)
            if (to === "binary") checkSigns(given)
            const { bits, of } = forms[to as Form]
            note?.(`${Math.ceil((batch.dim * bits) / 8)} bytes per image instead of ${4 * batch.dim}`)
            return replaced(batch, of(given.vectors, batch.dim), middle === undefined ? to : `${to} ${middle.digest}`)
          }
          return Stream.mapEffect(embeddings, (batch) => attempt(RetrieveError)(() => one(batch)))
        })
      )
})
