/** Small archives of drawn vectors, and plain loops over them. */
import type { Labelled } from "../../../../../src/ops/show/explore/analysis/queries.ts"
import { random } from "../../../../../src/pipeline/random.ts"

/** Vectors of length 1 with drawn labels and splits. */
export const drawn = (count: number, classes: number, seed: number): Labelled => {
  const draw = random(seed, 0, 0, "archive")
  const dim = 5
  const rows = new Float32Array(count * dim)
  for (let i = 0; i < count; i++) {
    const row = Array.from({ length: dim }, () => draw.normal())
    const length = Math.hypot(...row)
    rows.set(
      row.map((value) => value / length),
      i * dim
    )
  }
  const labels = Uint8Array.from({ length: count * classes }, () => draw.int(2))
  const split = Int8Array.from({ length: count }, () => draw.int(3) - 1)
  return { count, dim, rows, classes, labels, split }
}

export const dot = ({ dim, rows }: Labelled, a: number, b: number) => {
  let sum = 0
  for (let k = 0; k < dim; k++) sum += rows[a * dim + k] * rows[b * dim + k]
  return sum
}
/** All others, best first. */
export const ranked = (all: Labelled, query: number) =>
  [...Array(all.count).keys()].filter((i) => i !== query).sort((a, b) => dot(all, query, b) - dot(all, query, a))
