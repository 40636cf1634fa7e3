import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { LossInput, LossValue } from "../../../../src/ops/train/losses/loss.ts"
import { multiLabelCrossEntropy } from "../../../../src/ops/train/losses/ml-xent.ts"
import { orderedMultiLabel } from "../../../../src/ops/train/losses/oml.ts"
import { type ReferenceArray, reference } from "../../../reference.ts"

interface Recorded {
  readonly value: number
  readonly grad: ReferenceArray
  readonly grad_max_abs: number
}
const recorded = reference<{
  readonly embeddings: ReferenceArray
  readonly labels: ReferenceArray
  readonly logits: ReferenceArray
  readonly oml: Recorded
  readonly bce_with_logits: Recorded
}>("losses.json")

const batch = (values: ReferenceArray): LossInput => ({
  values: Float32Array.from(values.data),
  labels: Uint8Array.from(recorded.labels.data),
  rows: values.shape[0]
})

const matches = (got: LossValue, expected: Recorded) => {
  expect(Math.abs(got.value - expected.value)).toBeLessThan(1e-5 * Math.abs(expected.value))
  expect(got.gradient.length).toBe(expected.grad.data.length)
  got.gradient.forEach((value, i) => {
    expect(Math.abs(value - expected.grad.data[i]), `entry ${i}`).toBeLessThan(1e-4 * expected.grad_max_abs)
  })
}

/** The definition of the ordered loss, term by term, in the order of the paper. */
const naive = ({ values, labels, rows: B }: LossInput, t: number): number => {
  const D = values.length / B
  const L = labels.length / B
  const unit = (q: number) => {
    const row = [...values.subarray(q * D, (q + 1) * D)]
    const norm = Math.max(1e-12, Math.hypot(...row))
    return row.map((x) => x / norm)
  }
  const E = Array.from({ length: B }, (_, q) => unit(q))
  const S = E.map((a) => E.map((b) => a.reduce((sum, x, i) => sum + x * b[i], 0)))
  const G = (d: number) => 1 / (1 + Math.exp(Math.max(-50, Math.min(50, -d / t))))
  const rank = (q: number, a: number, among: ReadonlyArray<number>) =>
    among.reduce((sum, b) => (b === a ? sum : sum + G(S[q][b] - S[q][a])), 1)
  const all = E.map((_, q) => q)
  const terms: Array<number> = []
  for (let c = 0; c < L; c++) {
    const members = all.filter((q) => labels[q * L + c] === 1)
    if (members.length < 2) continue
    let sum = 0
    for (const q of members) for (const a of members) sum += rank(q, a, members) / rank(q, a, all)
    terms.push(1 - sum / members.length / B)
  }
  return terms.length === 0 ? 0 : terms.reduce((a, b) => a + b) / terms.length
}

const inputs: fc.Arbitrary<LossInput> = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }))
  .chain(([rows, D, L]) =>
    fc.record({
      rows: fc.constant(rows),
      values: fc
        .array(fc.integer({ min: -1000, max: 1000 }), { minLength: rows * D, maxLength: rows * D })
        .map((list) => Float32Array.from(list, (value) => value / 500)),
      labels: fc
        .array(fc.integer({ min: 0, max: 1 }), { minLength: rows * L, maxLength: rows * L })
        .map((list) => Uint8Array.from(list))
    })
  )

/** Largest difference of the gradient from central differences of the value, over the largest of them. */
const slopeError = (loss: (input: LossInput) => LossValue, input: LossInput): number => {
  const { gradient } = loss(input)
  const step = 2 ** -10
  let error = 0
  let scale = 1e-6
  input.values.forEach((value, i) => {
    const at = (x: number) => loss({ ...input, values: input.values.with(i, x) }).value
    const slope = (at(value + step) - at(value - step)) / (Math.fround(value + step) - Math.fround(value - step))
    scale = Math.max(scale, Math.abs(slope))
    error = Math.max(error, Math.abs(slope - gradient[i]))
  })
  return error / scale
}

describe("oml", () => {
  it("gives the recorded value and gradient", () =>
    matches(orderedMultiLabel(batch(recorded.embeddings)), recorded.oml))

  it("equals its definition, for any temperature", () => {
    fc.assert(
      fc.property(inputs, fc.constantFrom(0.01, 0.1, 1), (input, temperature) => {
        expect(orderedMultiLabel(input, { temperature }).value).toBeCloseTo(naive(input, temperature), 9)
      })
    )
  })

  it("has the gradient that central differences give", () => {
    const input = batch(recorded.embeddings)
    const few = {
      rows: 12,
      values: input.values.slice(0, (12 * input.values.length) / input.rows),
      labels: input.labels
    }
    few.labels = input.labels.slice(0, (12 * input.labels.length) / input.rows)
    expect(slopeError((one) => orderedMultiLabel(one, { temperature: 0.2 }), few)).toBeLessThan(1e-3)
  })

  it("depends neither on rotation nor on the order of the batch", () => {
    const input = batch(recorded.embeddings)
    const D = input.values.length / input.rows
    const turned = input.values.slice()
    for (let row = 0; row < input.rows; row++) {
      const [x, y] = [input.values[row * D], input.values[row * D + 1]]
      turned[row * D] = 0.6 * x - 0.8 * y
      turned[row * D + 1] = 0.8 * x + 0.6 * y
    }
    const { value } = orderedMultiLabel(input)
    expect(orderedMultiLabel({ ...input, values: turned }).value).toBeCloseTo(value, 5)

    const reversed = <A extends Float32Array | Uint8Array>(rows: A): A => {
      const width = rows.length / input.rows
      const made = rows.slice() as A
      for (let row = 0; row < input.rows; row++) {
        made.set(rows.subarray(row * width, (row + 1) * width), (input.rows - 1 - row) * width)
      }
      return made
    }
    const other = orderedMultiLabel({ ...input, values: reversed(input.values), labels: reversed(input.labels) })
    expect(other.value).toBeCloseTo(value, 12)
    expect(
      Math.max(...reversed(other.gradient).map((x, i) => Math.abs(x - orderedMultiLabel(input).gradient[i])))
    ).toBeLessThan(1e-9)
  })

  it("never goes below its floor, and reaches it where classes lie apart", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { value, floor } = orderedMultiLabel(input)
        expect(value).toBeGreaterThanOrEqual(floor - 1e-9)
      })
    )
    const values = Float32Array.of(1, 0, 1, 0.001, 0, 1, 0.001, 1)
    const apart = orderedMultiLabel({ values, labels: Uint8Array.of(1, 0, 1, 0, 0, 1, 0, 1), rows: 4 })
    expect(apart.floor).toBe(0.5)
    expect(apart.value).toBeCloseTo(apart.floor, 9)
  })

  it("is 0 without gradient where no class has two members", () => {
    for (const [rows, labels] of [
      [1, [1, 1]],
      [2, [1, 0, 0, 1]],
      [2, [0, 0, 0, 0]],
      [0, []]
    ] as const) {
      const values = Float32Array.from({ length: rows * 3 }, (_, i) => i + 1)
      const got = orderedMultiLabel({ rows, values, labels: Uint8Array.from(labels) })
      expect(got).toEqual({ value: 0, floor: 0, gradient: new Float32Array(rows * 3) })
    }
  })

  it.each([
    ["equal", () => 0.7],
    ["zero", () => 0],
    ["huge", (i: number) => (i % 3 === 0 ? 1e30 : -1e30)]
  ])("is finite for %s embeddings", (_, value) => {
    const values = Float32Array.from({ length: 24 }, (__, i) => value(i))
    const got = orderedMultiLabel({ rows: 6, values, labels: Uint8Array.of(1, 1, 0, 1, 1, 0) })
    expect(Number.isFinite(got.value)).toBe(true)
    expect(got.gradient.every(Number.isFinite)).toBe(true)
  })

  it("gives NaN for NaN, so that training can stop", () => {
    const values = Float32Array.of(1, 2, Number.NaN, 1)
    expect(orderedMultiLabel({ rows: 2, values, labels: Uint8Array.of(1, 1) }).value).toBeNaN()
  })
})

describe("ml_xent", () => {
  it("gives the recorded value and gradient", () =>
    matches(multiLabelCrossEntropy(batch(recorded.logits)), recorded.bce_with_logits))

  it("has the gradient that central differences give", () => {
    const labels = (input: LossInput) => Uint8Array.from(input.values, (_, i) => i % 2)
    fc.assert(
      fc.property(inputs, (input) => {
        expect(slopeError(multiLabelCrossEntropy, { ...input, labels: labels(input) })).toBeLessThan(1e-2)
      }),
      { numRuns: 20 }
    )
  })

  it("is finite for huge logits", () => {
    const got = multiLabelCrossEntropy({ rows: 2, values: Float32Array.of(1e5, -1e5), labels: Uint8Array.of(0, 0) })
    expect(got.value).toBe(5e4)
    expect([...got.gradient]).toEqual([0.5, 0])
  })
})
