/** Losses of hash codes against their definitions in naive loops, and what they are for: codes that separate classes. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { nearestCodes, packSigns } from "../../../../src/ops/retrieve/quantise/codes.ts"
import { centralSimilarity, hashCentres } from "../../../../src/ops/train/losses/csq.ts"
import { hashNet } from "../../../../src/ops/train/losses/hashnet.ts"
import type { LossInput, LossValue } from "../../../../src/ops/train/losses/loss.ts"
import { random } from "../../../../src/pipeline/random.ts"
import { inputs } from "./inputs.ts"
import { jaccard, rowsOf, sum } from "./naive.ts"

const equal = (got: number, expected: number) =>
  expect(Math.abs(got - expected)).toBeLessThanOrEqual(1e-8 * Math.max(1, Math.abs(expected)))
const mean = (list: ReadonlyArray<number>) => (list.length === 0 ? 0 : sum(list) / list.length)
const quantised = (h: ReadonlyArray<ReadonlyArray<number>>) => mean(h.flat().map((value) => (Math.abs(value) - 1) ** 2))

describe("hashnet", () => {
  it("is the weighted likelihood of its pairs, as the paper writes it", () => {
    fc.assert(
      fc.property(inputs(), fc.constantFrom(0.5, 1), fc.constantFrom(1, 10), (input, beta, sharpness) => {
        const h = rowsOf(input.values, input.rows).map((row) => row.map((x) => Math.tanh(beta * x)))
        const labels = rowsOf(input.labels, input.rows)
        const pairs = h.flatMap((a, i) => h.slice(i + 1).map((b, n) => ({ a, b, i, j: i + 1 + n })))
        const alike = pairs.filter(({ i, j }) => jaccard(labels[i], labels[j]) < 1)
        const terms = pairs.map((pair) => {
          const s = alike.includes(pair) ? 1 : 0
          const group = s === 1 ? alike.length : pairs.length - alike.length
          const c = s === 1 ? 1 - jaccard(labels[pair.i], labels[pair.j]) : 1
          const t = (sharpness * sum(pair.a.map((x, k) => x * pair.b[k]))) / pair.a.length
          return ((c * pairs.length) / group) * (Math.log(1 + Math.exp(t)) - s * t)
        })
        const { value } = hashNet(input, { beta, sharpness, quantisation: 0.3 })
        equal(value, mean(terms) + 0.3 * quantised(h))
      })
    )
  })
})

describe("csq", () => {
  it("is the cross-entropy of codes and centres, as the paper writes it", () => {
    fc.assert(
      fc.property(inputs(), (given) => {
        // Values of moderate size: the naive logarithm knows no larger ones.
        const input = { ...given, values: given.values.map((x) => x / 2) }
        const h = rowsOf(input.values, input.rows).map((row) => row.map((x) => Math.tanh(x)))
        const labels = rowsOf(input.labels, input.rows)
        const centres = hashCentres(labels[0].length, h[0].length)
        const { int } = random(0, 0, 0, "undecided bits")
        const undecided = h[0].map(() => 2 * int(2) - 1)
        const terms = labels.flatMap((own, i) => {
          if (sum(own) === 0) return []
          return h[i].map((value, k) => {
            const votes = sum(own.map((has, c) => has * centres[c][k]))
            const bit = ((votes === 0 ? undecided[k] : Math.sign(votes)) + 1) / 2
            const p = (1 + value) / 2
            return -bit * Math.log(p) - (1 - bit) * Math.log(1 - p)
          })
        })
        equal(centralSimilarity(input, { quantisation: 0.2 }).value, mean(terms) + 0.2 * quantised(h))
      })
    )
  })

  it.each([
    [19, 64],
    [17, 32],
    [100, 64],
    [128, 64]
  ])("has centres of %d classes in %d bits that are at least half of the bits apart", (classes, bits) => {
    const centres = hashCentres(classes, bits)
    for (const [i, a] of centres.entries()) {
      for (const b of centres.slice(0, i)) {
        expect(a.filter((bit, k) => bit !== b[k]).length).toBeGreaterThanOrEqual(bits / 2)
      }
    }
  })

  it("draws centres where there is no Hadamard matrix, the same ones each time", () => {
    const centres = hashCentres(10, 48)
    expect(new Set(centres.map((bits) => bits.join())).size).toBe(10)
    expect(hashCentres(10, 48)).toEqual(centres)
  })
})

describe("training by gradient", () => {
  const [ROWS, IN, BITS, CLASSES] = [60, 6, 16, 3]
  const { int, normal } = random(11, 0, 0, "images")
  const labels = new Uint8Array(ROWS * CLASSES)
  const images = Float32Array.from({ length: ROWS * IN }, normal)
  for (let row = 0; row < ROWS; row++) {
    for (const c of new Set([int(CLASSES), int(CLASSES)])) {
      labels[row * CLASSES + c] = 1
      images[row * IN + c] += 2
    }
  }
  /** Share of the first three neighbours by Hamming distance, itself left out, that have the same labels. */
  const precision = (codes: Float32Array): number => {
    const packed = packSigns(codes, BITS)
    const words = packed.length / ROWS
    const own = (row: number) => labels.subarray(row * CLASSES, (row + 1) * CLASSES).join()
    const shares = Array.from({ length: ROWS }, (_, row) => {
      const found = nearestCodes(packed.subarray(row * words, (row + 1) * words), packed, 4).filter(
        (match) => match.row !== row
      )
      return mean(found.slice(0, 3).map((match) => (own(match.row) === own(row) ? 1 : 0)))
    })
    return mean(shares)
  }

  it.each([
    ["hashnet", (input: LossInput): LossValue => hashNet(input)],
    ["csq", (input: LossInput): LossValue => centralSimilarity(input)]
  ])("%s makes codes of a linear layer that find images with the same labels", (_, loss) => {
    const weights = Float32Array.from({ length: IN * BITS }, random(12, 0, 0, "weights").normal)
    const embed = () => {
      const out = new Float32Array(ROWS * BITS)
      for (let row = 0; row < ROWS; row++) {
        for (let i = 0; i < IN; i++) {
          for (let k = 0; k < BITS; k++) out[row * BITS + k] += (images[row * IN + i] * weights[i * BITS + k]) / 3
        }
      }
      return out
    }
    const [before, first] = [precision(embed()), loss({ rows: ROWS, values: embed(), labels }).value]
    for (let step = 0; step < 300; step++) {
      const { gradient } = loss({ rows: ROWS, values: embed(), labels })
      for (let row = 0; row < ROWS; row++) {
        for (let i = 0; i < IN; i++) {
          for (let k = 0; k < BITS; k++) weights[i * BITS + k] -= images[row * IN + i] * gradient[row * BITS + k]
        }
      }
    }
    expect(loss({ rows: ROWS, values: embed(), labels }).value).toBeLessThan(0.8 * first)
    expect(precision(embed())).toBeGreaterThan(before + 0.1)
  })
})
