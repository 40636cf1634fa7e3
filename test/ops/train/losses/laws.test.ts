/** What holds of every loss: its gradient, invariances, and finite numbers for any batch. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { LossDefinition, LossInput, LossValue } from "../../../../src/ops/train/losses/loss.ts"
import { losses } from "../../../../src/ops/train/losses.ts"
import { random } from "../../../../src/pipeline/random.ts"
import { expectDifferences } from "./differences.ts"
import { inputs } from "./inputs.ts"
import { chosenLoss } from "./loss-of.ts"

/** Steep losses are tried with gentler parameters, so that differences say something; others with their defaults. */
const GENTLE: Readonly<Record<string, object>> = {
  oml: { temperature: 0.2 },
  smoothap: { temperature: 0.2 },
  happier: { temperature: 0.2 },
  roadmap: { temperature: 0.2, slope: 3 },
  recall_at_k: { temperature: 0.2, k: 2 },
  multi_similarity: { beta: 5, slack: 1 },
  circle: { gamma: 4 },
  proxy_anchor: { alpha: 4 }
}

/** Losses whose gradient is published with weights held constant: it is not the derivative (see definitions.test.ts). */
const HELD = ["circle"]
/** Losses that draw images, or choose one of several at the same distance: another order may choose others. */
const CHOOSING = ["triplet_hard", "triplet", "margin"]

const lossOf = (name: string, own: object = {}) => {
  const { definition, own: params } = chosenLoss(name, own)
  const loss = definition.loss(params, "none")
  /** First values of what the loss learns, which do not depend on the batch. */
  const learnedFor = ({ labels, rows, values }: LossInput) => {
    const size = { classes: labels.length / Math.max(1, rows), dim: values.length / Math.max(1, rows) }
    return definition.learned?.(params, size).init(random(3, 0, 0, "laws"))
  }
  return (input: LossInput): LossValue => {
    const learned = input.learned ?? learnedFor(input)
    return loss(learned === undefined ? input : { ...input, learned }, () => 0)
  }
}

/** Losses of hash codes: the signs of single values matter, so they depend on axes. */
const AXES = ["hashnet", "csq"]

/** Every loss of the list. */
const all: Readonly<Record<string, (input: LossInput) => LossValue>> = {
  ...Object.fromEntries(losses.map(({ name }) => [name, lossOf(name, GENTLE[name])])),
  "contrastive_avg without anchors": lossOf("contrastive_avg", { exclude_anchor: true })
}
const names = Object.keys(all)
const embedded = losses.filter(({ on }) => on === "embeddings")
/** Losses that compare images with each other. */
const compared = embedded.filter(({ name, params }) => name === "oml" || "sim_threshold" in params)

const widthOf = ({ rows, values }: LossInput): number => values.length / rows

/** Rows in another order: row i of the result is row order[i]. */
const reordered = <A extends Float32Array | Uint8Array>(rows: A, order: ReadonlyArray<number>): A => {
  const width = rows.length / order.length
  const made = rows.slice() as A
  order.forEach((from, to) => {
    made.set(rows.subarray(from * width, (from + 1) * width), to * width)
  })
  return made
}

/** Losses that compare images with vectors of their own, which a rotation of the images alone leaves behind. */
const learning = losses.filter((one: LossDefinition) => one.learned !== undefined).map(({ name }): string => name)

/** All rows turned in the plane of two of their components, by the triangle 3, 4, 5: exact, as values are multiples of 5. */
const turned = (input: LossInput): LossInput => {
  const width = widthOf(input)
  const values = input.values.slice()
  for (let at = 0; at < values.length; at += width) {
    const [x, y] = [values[at], values[at + 1]]
    values.set([(3 * x - 4 * y) / 5, (4 * x + 3 * y) / 5], at)
  }
  return { ...input, values }
}

describe.each(names)("%s", (name) => {
  const loss = all[name]

  it("has the gradient that central differences give", () => {
    if (HELD.includes(name)) return
    fc.assert(
      fc.property(inputs(6), (input) => expectDifferences(loss, input)),
      { numRuns: 40 }
    )
  })

  it("does not depend on the order of the batch", () => {
    if (CHOOSING.includes(name)) return
    fc.assert(
      fc.property(inputs(), (input) => {
        const order = Array.from({ length: input.rows }, (_, i) => (i * 5 + 2) % input.rows)
        if (new Set(order).size < input.rows) return
        const [one, other] = [
          loss(input),
          loss({ ...input, values: reordered(input.values, order), labels: reordered(input.labels, order) })
        ]
        expect(other.value).toBeCloseTo(one.value, 9)
        reordered(one.gradient, order).forEach((slope, i) => {
          expect(other.gradient[i]).toBeCloseTo(slope, 6)
        })
      })
    )
  })

  it.each([
    ["equal rows", () => 0.7],
    ["zeros", () => 0],
    ["huge values", (i: number) => (i % 3 === 0 ? 1e15 : -1e15)]
  ])("is finite for %s, whatever the labels", (_, value) => {
    fc.assert(
      fc.property(inputs(), (input) => {
        const got = loss({ ...input, values: input.values.map((__, i) => value(i)) })
        expect(Number.isFinite(got.value)).toBe(true)
        expect(got.gradient.every(Number.isFinite)).toBe(true)
      })
    )
  })

  it("is finite for a batch of one, and of none", () => {
    const one = loss({ rows: 1, values: Float32Array.of(1, 2), labels: Uint8Array.of(1, 0) })
    expect(Number.isFinite(one.value) && one.gradient.every(Number.isFinite)).toBe(true)
    const none = loss({ rows: 0, values: new Float32Array(0), labels: new Uint8Array(0) })
    expect(none.value).toBe(0)
    expect(none.gradient.length).toBe(0)
  })

  it("gives NaN for NaN, so that training can stop", () => {
    const values = Float32Array.of(1, Number.NaN, 0.5, 2, 1, 1)
    expect(loss({ rows: 3, values, labels: Uint8Array.of(1, 0, 1, 0, 0, 1) }).value).toBeNaN()
  })
})

describe.each(embedded.map(({ name }) => name).filter((name) => !learning.includes(name)))("%s", (name) => {
  it("does not depend on a rotation of all embeddings", () => {
    if (AXES.includes(name)) return
    // The shift of 1e-6 of every component, which PyTorch's distance makes, is all that a triplet sees of axes.
    const digits = name.startsWith("triplet") ? 4 : 5
    fc.assert(
      fc.property(inputs(), (input) => {
        expect(all[name](turned(input)).value).toBeCloseTo(all[name](input).value, digits)
      })
    )
  })
})

describe.each(compared.map(({ name }) => name))("%s", (name) => {
  it("is 0 without gradient where no image is like another", () => {
    const labels = Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1)
    const got = all[name]({ rows: 3, values: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), labels })
    expect(got.value).toBe(0)
    expect(got.gradient.every((slope) => slope === 0)).toBe(true)
  })
})
