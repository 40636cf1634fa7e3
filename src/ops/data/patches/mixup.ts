import { Effect, Stream } from "effect"
import { operator } from "../../../pipeline/operator.ts"
import { Positive, Probability, param } from "../../../pipeline/param.ts"
import { type Random, random } from "../../../pipeline/random.ts"
import { Batch } from "../../elements.ts"
import { Run } from "../../run.ts"

/** A draw of the gamma distribution with this shape and scale 1 (Marsaglia and Tsang, ACM TOMS 2000). */
const gamma = (draw: Random, shape: number): number => {
  // A shape below 1 is reached from the shape above it.
  if (shape < 1) return gamma(draw, shape + 1) * (1 - draw.next()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = draw.normal()
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - draw.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}

/** A draw of the beta distribution with two equal parameters: from 0 to 1, near 0 or 1 for a small `alpha`. */
export const betaDrawn = (draw: Random, alpha: number): number => {
  const [a, b] = [gamma(draw, alpha), gamma(draw, alpha)]
  // Both may be too small for a double.
  return a + b === 0 ? Math.round(draw.next()) : a / (a + b)
}

/** Rows of length `width`: share times each row plus the rest times its partner. */
const blended = (rows: ArrayLike<number>, partners: Int32Array, share: number): Float32Array => {
  const width = rows.length / partners.length
  const out = new Float32Array(rows.length)
  partners.forEach((partner, i) => {
    for (let k = 0; k < width; k++) {
      out[i * width + k] = share * rows[i * width + k] + (1 - share) * rows[partner * width + k]
    }
  })
  return out
}

/** A batch in which each patch is mixed with another one, by one share for all. */
export const mixed = (batch: Batch, share: number, partners: Int32Array): Batch => ({
  ...batch,
  images: blended(batch.images, partners, share),
  soft: blended(batch.soft ?? batch.labels, partners, share)
})

/**
 * Mixup (Zhang et al., ICLR 2018): each patch of a batch becomes L times itself plus 1 - L times another patch of the batch, and
 * its labels become weights from 0 to 1 in the same way. L is drawn from Beta(`alpha`, `alpha`), once per batch. Draws are keyed
 * by seed, epoch and the batch's first patch.
 */
export const mixup = operator({
  name: "mixup",
  about: "Mixes the patches of a batch in pairs, and their labels to weights; belongs before `optimise`.",
  from: Batch,
  to: Batch,
  params: {
    alpha: param(Positive, "Shape of the shares: small values mix little.", 0.2),
    p: param(Probability, "Probability that a batch is mixed.", 1)
  },
  run:
    ({ alpha, p }) =>
    (batches) =>
      Stream.unwrap(
        Effect.map(Run, ({ seed }) =>
          Stream.map(batches, (batch) => {
            const draw = random(seed, batch.epoch, batch.indices[0] ?? 0, "mixup")
            if (draw.next() >= p) return batch
            return mixed(batch, betaDrawn(draw, alpha), draw.permutation(batch.size))
          })
        )
      )
})
