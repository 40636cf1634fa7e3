import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { averagePrecision, classificationFigures, type Predicted } from "../../../src/ops/measure/classification.ts"

/** Average precision by its definition: for each distinct score, recall and precision of all images of at least it. */
const naiveAp = (scores: ReadonlyArray<number>, labels: ReadonlyArray<number>): number | null => {
  const positives = labels.reduce((a, b) => a + b, 0)
  if (positives === 0) return null
  let [sum, before] = [0, 0]
  for (const least of [...new Set(scores)].sort((a, b) => b - a)) {
    const taken = labels.filter((_, i) => scores[i] >= least)
    const found = taken.reduce((a, b) => a + b, 0)
    sum += (found / positives - before) * (found / taken.length)
    before = found / positives
  }
  return sum
}

/** F1 by its definition, as the harmonic mean of precision and recall. */
const naiveF1 = (predicted: ReadonlyArray<boolean>, labels: ReadonlyArray<number>): number => {
  const both = predicted.filter((yes, i) => yes && labels[i] === 1).length
  const precision = both / Math.max(1, predicted.filter((yes) => yes).length)
  const recall = both / Math.max(1, labels.filter((one) => one === 1).length)
  return both === 0 ? 0 : (2 * precision * recall) / (precision + recall)
}

const drawn = fc
  .record({ images: fc.integer({ min: 1, max: 12 }), classes: fc.integer({ min: 1, max: 5 }) })
  .chain(({ classes, images }) =>
    fc.record({
      classes: fc.constant(classes),
      threshold: fc.constantFrom(0.25, 0.5, 0.75),
      // Few values, so that there are ties.
      probabilities: fc
        .array(fc.constantFrom(0, 0.25, 0.5, 0.625, 1), { minLength: images * classes, maxLength: images * classes })
        .map((values) => Float32Array.from(values)),
      labels: fc
        .array(fc.constantFrom(0, 1), { minLength: images * classes, maxLength: images * classes })
        .map((values) => Uint8Array.from(values))
    })
  )

const close = (found: number | null, expected: number | null) =>
  expected === null ? expect(found).toBeNull() : expect(found).toBeCloseTo(expected, 10)
const mean = (values: ReadonlyArray<number | null>) => {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length
}

describe("figures of classification", () => {
  it("are those of their definitions", () => {
    fc.assert(
      fc.property(drawn, (given: Predicted) => {
        const { classes, labels, probabilities, threshold } = given
        const images = labels.length / classes
        const figures = classificationFigures(given)
        const [all, yes] = [[...labels], Array.from(probabilities, (p) => p >= threshold)]
        const column = <A>(values: ReadonlyArray<A>, c: number) => values.filter((_, i) => i % classes === c)
        const row = <A>(values: ReadonlyArray<A>, i: number) => values.slice(i * classes, (i + 1) * classes)
        const scores = [...probabilities]
        const [cs, is] = [classes, images].map((length) => Array.from({ length }, (_, i) => i))
        const aps = cs.map((c) => naiveAp(column(scores, c), column(all, c)))
        figures.averagePrecision.classes.forEach((value, c) => void close(value, aps[c]))
        close(figures.averagePrecision.macro, mean(aps))
        close(figures.averagePrecision.micro, naiveAp(scores, all))
        close(figures.averagePrecision.samples, mean(is.map((i) => naiveAp(row(scores, i), row(all, i)))))
        const f1s = cs.map((c) => naiveF1(column(yes, c), column(all, c)))
        figures.f1.classes.forEach((value, c) => void close(value, f1s[c]))
        close(figures.f1.macro, mean(f1s))
        close(figures.f1.micro, naiveF1(yes, all))
        close(figures.f1.samples, mean(is.map((i) => naiveF1(row(yes, i), row(all, i)))))
        close(figures.accuracy.micro, all.filter((label, i) => (label === 1) === yes[i]).length / all.length)
        close(
          figures.exactMatch,
          is.filter((i) => row(yes, i).every((one, c) => one === (row(all, i)[c] === 1))).length / images
        )
      })
    )
  })

  it("of perfect predictions are 1, and do not depend on the order of images", () => {
    const labels = Uint8Array.of(1, 0, 0, 1, 1, 1)
    const perfect = classificationFigures({
      probabilities: Float32Array.from(labels),
      labels,
      classes: 2,
      threshold: 0.5
    })
    for (const { macro, micro, samples } of [perfect.averagePrecision, perfect.f1, perfect.accuracy]) {
      expect([macro, micro, samples]).toEqual([1, 1, 1])
    }
    expect([perfect.exactMatch, perfect.topOne]).toEqual([1, 1])
  })

  it("are null without images or positives", () => {
    const empty = classificationFigures({
      probabilities: new Float32Array(0),
      labels: new Uint8Array(0),
      classes: 2,
      threshold: 0.5
    })
    expect([empty.f1.micro, empty.averagePrecision.macro, empty.exactMatch]).toEqual([null, null, null])
    expect(averagePrecision(Float32Array.of(0.5, 0.2), Uint8Array.of(0, 0))).toBeNull()
  })
})
