import { Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { choice, param } from "../../../pipeline/param.ts"
import { Embeddings } from "../../elements.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { normaliseRows } from "../unit-length.ts"
import { toInt8, toSigns } from "./codes.ts"

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
    remedy: "Put `compress` before it: it subtracts the mean, on components that `fit-pca` wrote"
  })
}

/** Replaces embeddings by what is left of them in eight bits or one bit per value. */
export const quantise = operator({
  name: "quantise",
  about: "Reduces the precision of embeddings to 8 bits or 1 bit per value; each result is divided by its length.",
  from: Embeddings,
  to: Embeddings,
  params: {
    to: param(
      choice("int8", "binary"),
      "`int8`: whole numbers from -127 to 127, scaled by the largest value of each vector. `binary`: the sign of each value; ranking by `cosine` is then ranking by Hamming distance."
    )
  },
  run:
    ({ to }: { readonly to: Form }, { note }) =>
    (embeddings) =>
      Stream.mapEffect(embeddings, (batch) =>
        attempt(RetrieveError)((): Embeddings => {
          if (to === "binary") checkSigns(batch)
          const { bits, of } = forms[to]
          const vectors = normaliseRows(of(batch.vectors, batch.dim), batch.dim)
          note?.(`${Math.ceil((batch.dim * bits) / 8)} bytes per image instead of ${4 * batch.dim}`)
          if (batch.origin === undefined) return { ...batch, vectors }
          const before = batch.origin.compression
          const compression = before === undefined ? to : `${before}, ${to}`
          return { ...batch, vectors, origin: { ...batch.origin, compression } }
        })
      )
})
