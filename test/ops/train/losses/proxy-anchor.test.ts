import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { proxyAnchor, proxyAnchorLoss } from "../../../../src/ops/train/losses/proxy-anchor.ts"
import { random } from "../../../../src/pipeline/random.ts"
import { inputs } from "./inputs.ts"

/** Batches with proxies of as many components as their embeddings. */
const withProxies = fc.tuple(inputs(6), fc.nat()).map(([input, seed]) => {
  const { normal } = random(seed, 0, 0, "proxies")
  const classes = input.labels.length / input.rows
  const dim = input.values.length / input.rows
  return { ...input, learned: Float32Array.from({ length: classes * dim }, () => normal()) }
})

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i]
    aa += a[i] ** 2
    bb += b[i] ** 2
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb)
}

/** Equation 4 of the paper as it is written, with one sum per proxy. */
const naive = (
  { labels, learned, rows, values }: { labels: Uint8Array; learned: Float32Array; rows: number; values: Float32Array },
  alpha: number,
  delta: number
): number => {
  const [classes, dim] = [labels.length / rows, values.length / rows]
  const s = (i: number, c: number) =>
    cosine(values.subarray(i * dim, (i + 1) * dim), learned.subarray(c * dim, (c + 1) * dim))
  let [near, far, present] = [0, 0, 0]
  for (let c = 0; c < classes; c++) {
    let [with_, without, members] = [0, 0, 0]
    for (let i = 0; i < rows; i++) {
      if (labels[i * classes + c] === 1) {
        with_ += Math.exp(-alpha * (s(i, c) - delta))
        members++
      } else without += Math.exp(alpha * (s(i, c) + delta))
    }
    if (members > 0) present++
    near += Math.log(1 + with_)
    far += Math.log(1 + without)
  }
  return near / Math.max(1, present) + far / classes
}

const options = fc.record({ alpha: fc.constantFrom(1, 4, 32), delta: fc.constantFrom(0, 0.1, 0.5) })

describe("proxy_anchor", () => {
  it("is its definition, for any number of labels per image", () => {
    fc.assert(
      fc.property(withProxies, options, (input, { alpha, delta }) => {
        const expected = naive(input, alpha, delta)
        expect(Math.abs(proxyAnchor(input, { alpha, delta }).value - expected)).toBeLessThan(
          1e-9 * Math.max(1, expected)
        )
      })
    )
  })

  it("has the gradients that central differences give, for embeddings and proxies", () => {
    const step = 2 ** -8
    fc.assert(
      fc.property(withProxies, (input) => {
        const given = { alpha: 2, delta: 0.1 }
        const found = proxyAnchor(input, given)
        for (const [key, gradient] of [
          ["values", found.gradient],
          ["learned", found.learned]
        ] as const) {
          const width = input.values.length / input.rows
          input[key].forEach((value, i) => {
            // Near the origin, a direction turns too fast for a difference.
            const row = Math.floor(i / width) * width
            if (Math.hypot(...input[key].subarray(row, row + width)) < 0.3) return
            const at = (x: number) => naive({ ...input, [key]: input[key].with(i, x) }, given.alpha, given.delta)
            const slope = (h: number) => (at(value + h) - at(value - h)) / (2 * h)
            const [wide, narrow] = [slope(step), slope(step / 2)]
            expect(Math.abs(narrow - gradient[i])).toBeLessThan(2e-3 + Math.abs(wide - narrow))
          })
        }
      }),
      { numRuns: 40 }
    )
  })

  it("learns one proxy per class, drawn by the seed", () => {
    const own = { alpha: 32, delta: 0.1, proxy_rate: 10 }
    const learned = proxyAnchorLoss.learned?.(own, { classes: 200, dim: 50 })
    expect(learned).toMatchObject({ name: "proxies", shape: [200, 50], rate: 10 })
    const values = learned?.init(random(1, 0, 0, "init")) ?? new Float32Array(0)
    expect(values).toEqual(learned?.init(random(1, 0, 0, "init")))
    const square = values.reduce((sum, x) => sum + x * x, 0) / values.length
    expect(square).toBeCloseTo(2 / 200, 3)
  })
})
