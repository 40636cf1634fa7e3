/** Products in single precision: within the error that is promised, for any size; and what losses make of them. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { WORTH_THREADS } from "../../../../src/ops/train/losses/cosine.ts"
import type { LossInput } from "../../../../src/ops/train/losses/loss.ts"
import {
  enterable,
  enterPanel,
  gradientBetween,
  panelsOf,
  productsBetween,
  type SingleRows,
  singleGradient,
  singleProducts,
  singleRows,
  weightedStride
} from "../../../../src/ops/train/losses/single-rows.ts"
import { losses } from "../../../../src/ops/train/losses.ts"
import { random } from "../../../../src/pipeline/random.ts"
import { lossOf } from "./loss-of.ts"

/** Unit roundoff of single precision. */
const U = 2 ** -24

const drawn = (seed: number, count: number): Float32Array => {
  const { next } = random(seed, 0, 0, "single")
  return Float32Array.from({ length: count }, () => 2 * next() - 1)
}

/** A batch whose memory held other numbers before, NaN among them. */
const entered = (values: Float32Array, rows: number): SingleRows => {
  const dim = values.length / rows
  const single = singleRows(rows, dim, undefined)
  if (single === undefined) throw new Error("no WebAssembly with SIMD")
  single.memory.floats.fill(Number.NaN)
  single.unit.set(values)
  for (let panel = 0; panel < panelsOf(rows); panel++) enterPanel(enterable(single), panel, () => {})
  return single
}

const product = (values: Float32Array, dim: number, i: number, j: number, size = (x: number) => x): number => {
  let sum = 0
  for (let d = 0; d < dim; d++) sum += size(values[i * dim + d] * values[j * dim + d])
  return sum
}

const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 21 }),
  dim: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 505, max: 1100 })),
  seed: fc.nat()
})

describe("products in single precision", () => {
  it("are as near to the exact ones as a sum of 512 terms can be", () => {
    fc.assert(
      fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), ({ dim, rows, seed }, share) => {
        const anchors = Math.max(1, Math.ceil(share * rows))
        const values = drawn(seed, rows * dim)
        const S = singleProducts(entered(values, rows), anchors)
        for (let i = 0; i < anchors; i++) {
          for (let j = 0; j < rows; j++) {
            const bound = 513 * U * product(values, dim, i, j, Math.abs)
            expect(Math.abs(S[i * rows + j] - product(values, dim, i, j))).toBeLessThanOrEqual(bound)
          }
        }
      }),
      { numRuns: 40 }
    )
  })

  it("weigh rows for the gradient, of pairs in both orders", () => {
    fc.assert(
      fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), ({ dim, rows, seed }, share) => {
        const anchors = Math.max(1, Math.ceil(share * rows))
        const values = drawn(seed, rows * dim)
        const single = entered(values, rows)
        const dS = Float64Array.from(drawn(seed + 1, anchors * rows))
        singleGradient(single, dS, anchors)
        for (let q = 0; q < anchors; q++) {
          for (let d = 0; d < dim; d++) {
            let [sum, size] = [0, 0]
            for (let a = 0; a < rows; a++) {
              const weight = dS[q * rows + a] + (a < anchors ? dS[a * rows + q] : 0)
              sum += weight * values[a * dim + d]
              size += Math.abs(weight * values[a * dim + d])
            }
            const got = single.weighted[q * weightedStride(dim) + d]
            expect(Math.abs(got - sum)).toBeLessThanOrEqual((rows + 2) * U * size)
          }
        }
      }),
      { numRuns: 40 }
    )
  })

  it("compare two groups of rows, and weigh both", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 9 }), ({ dim, rows: anchors, seed }, count) => {
        const first = 8 * Math.ceil(anchors / 8)
        const values = drawn(seed, (first + count) * dim).fill(0, anchors * dim, first * dim)
        const single = entered(values, first + count)
        const S = productsBetween(single, { anchors, first, count })
        const dS = Float64Array.from(drawn(seed + 1, anchors * count))
        gradientBetween(single, dS, { anchors, first, count })
        const weighted = (row: number) => single.weighted[row * weightedStride(dim)]
        for (let i = 0; i < anchors; i++) {
          let sum = 0
          for (let c = 0; c < count; c++) {
            expect(S[i * count + c]).toBeCloseTo(product(values, dim, i, first + c), 3)
            sum += dS[i * count + c] * values[(first + c) * dim]
          }
          expect(weighted(i)).toBeCloseTo(sum, 4)
        }
        for (let c = 0; c < count; c++) {
          let sum = 0
          for (let i = 0; i < anchors; i++) sum += dS[i * count + c] * values[i * dim]
          expect(weighted(first + c)).toBeCloseTo(sum, 4)
        }
      }),
      { numRuns: 20 }
    )
  })
})

/** A batch of 96, and the same with zeros between its values: equal similarities, but large enough for single precision. */
const [ROWS, NARROW, WIDE] = [96, 50, Math.ceil(WORTH_THREADS / 96 ** 2)]
const spreadOut = (values: Float32Array, rows: number): Float32Array => {
  const wide = new Float32Array(rows * WIDE)
  for (let at = 0; at < values.length; at++) {
    wide[Math.floor(at / NARROW) * WIDE + Math.floor(((at % NARROW) * WIDE) / NARROW)] = values[at]
  }
  return wide
}

/** Parameters that are not the defaults: draws by distance depend on the number of dimensions. */
const OWN: Readonly<Record<string, object>> = { margin: { negatives: "all" } }

/** Losses of single values: zeros count, too. */
const OF_VALUES = ["hashnet", "csq"]

describe("large batches", () => {
  const values = drawn(5, ROWS * NARROW)
  const labels = Uint8Array.from(drawn(6, ROWS * 5), (x) => (x > 0.3 ? 1 : 0))
  const learned = drawn(7, 5 * NARROW)
  const narrow: LossInput = { values, labels, rows: ROWS, learned }
  const wide: LossInput = { ...narrow, values: spreadOut(values, ROWS), learned: spreadOut(learned, 5) }
  const names = losses
    .filter(({ name, on }) => on === "embeddings" && !OF_VALUES.includes(name))
    .map(({ name }) => name)

  const expectNear = (got: Float32Array, expected: Float32Array) => {
    const scale = expected.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0)
    const off = expected.reduce((most, slope, i) => Math.max(most, Math.abs(slope - got[i])), 0)
    expect(off).toBeLessThan(1e-5 * scale)
  }

  it.each(names)("%s has the value and the gradient of double precision", (name) => {
    const [small, large] = [narrow, wide].map((input) => lossOf(name, OWN[name])(input))
    expect(Math.abs(large.value - small.value)).toBeLessThan(1e-6 * Math.max(1, Math.abs(small.value)))
    // The zeros between the values have slopes, too; only the slopes of the values are compared.
    const at = (gradient: Float32Array, rows: number) =>
      Float32Array.from(
        { length: rows * NARROW },
        (_, i) => gradient[Math.floor(i / NARROW) * WIDE + Math.floor(((i % NARROW) * WIDE) / NARROW)]
      )
    expectNear(at(large.gradient, ROWS), small.gradient)
    if (small.learned !== undefined) expectNear(at(large.learned as Float32Array, 5), small.learned)
  })
  it("hashnet has the value and the slopes of naive loops in double precision", () => {
    const x = drawn(8, ROWS * WIDE)
    const h = Array.from({ length: ROWS }, (_, i) => Array.from(x.subarray(i * WIDE, (i + 1) * WIDE), Math.tanh))
    const sets = Array.from({ length: ROWS }, (_, i) => [...labels.subarray(i * 5, (i + 1) * 5)])
    const weights = sets.map((a) =>
      sets.map((b) => {
        const [both, any] = [Math.min, Math.max].map((of) => a.reduce((sum, y, c) => sum + of(y, b[c]), 0))
        return any === 0 ? 1 : both / any
      })
    )
    const pairs = h.flatMap((_, i) => h.slice(i + 1).map((__, n) => [i, i + 1 + n] as const))
    const similar = pairs.filter(([i, j]) => weights[i][j] > 0).length
    const slopes = h.map(() => new Array<number>(ROWS).fill(0))
    let value = 0
    for (const [i, j] of pairs) {
      const s = weights[i][j] > 0 ? 1 : 0
      const w = s === 1 ? weights[i][j] / similar : 1 / (pairs.length - similar)
      const t = (10 * h[i].reduce((sum, one, k) => sum + one * h[j][k], 0)) / WIDE
      value += w * (Math.log(1 + Math.exp(t)) - s * t)
      slopes[i][j] = slopes[j][i] = (w * (1 / (1 + Math.exp(-t)) - s) * 10) / WIDE
    }
    value += (0.1 * h.flat().reduce((sum, one) => sum + (Math.abs(one) - 1) ** 2, 0)) / (ROWS * WIDE)
    const got = lossOf("hashnet")({ values: x, labels, rows: ROWS })
    expect(Math.abs(got.value - value)).toBeLessThan(1e-6 * value)
    const columns = [0, 1, 511, 512, WIDE - 1]
    const at = (slope: (i: number, k: number) => number) =>
      Float32Array.from(h.flatMap((_, i) => columns.map((k) => slope(i, k))))
    const exact = at((i, k) => {
      const one = h[i][k]
      const pull = slopes[i].reduce((sum, weight, j) => sum + weight * h[j][k], 0)
      return (pull + (0.2 * (Math.abs(one) - 1) * Math.sign(one)) / (ROWS * WIDE)) * (1 - one * one)
    })
    expectNear(
      at((i, k) => got.gradient[i * WIDE + k]),
      exact
    )
  })
})
