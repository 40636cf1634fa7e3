import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { labelSets } from "../../../src/ops/measure/label-sets.ts"
import { popcount } from "../../../src/ops/measure/popcount.ts"
import {
  codebook,
  codesWith,
  defaultThresholds,
  labelSimilarity,
  relevantCodes,
  strictest
} from "../../../src/ops/measure/relevance.ts"
import { runs } from "../../runs.ts"
import { jaccard, listed } from "./naive.ts"

/** Label rows that repeat, as real ones do, with up to 70 classes: more than two words of bits. */
const rows = fc
  .integer({ min: 1, max: 70 })
  .chain((classes) =>
    fc
      .array(fc.uint8Array({ minLength: classes, maxLength: classes, max: 1 }), { minLength: 1, maxLength: 8 })
      .chain((distinct) =>
        fc
          .array(fc.nat({ max: distinct.length - 1 }), { minLength: 1, maxLength: 30 })
          .map((picks) => ({ classes, vectors: picks.map((pick) => distinct[pick]) }))
      )
  )
const packed = (vectors: ReadonlyArray<Uint8Array>) => Uint8Array.from(vectors.flatMap((vector) => [...vector]))

describe("label sets", () => {
  it("are equal exactly where the labels are", () => {
    fc.assert(
      fc.property(rows, ({ classes, vectors }) => {
        const sets = labelSets(packed(vectors), vectors.length, classes)
        expect(sets.count).toBe(new Set(vectors.map((vector) => vector.join())).size)
        vectors.forEach((a, i) => {
          expect(sets.sizes[sets.of[i]]).toBe(listed(a).length)
          vectors.forEach((b, j) => {
            expect(sets.of[i] === sets.of[j]).toBe(a.join() === b.join())
          })
        })
      }),
      runs(50)
    )
  })

  it("refuse labels of another size", () => {
    expect(() => labelSets(new Uint8Array(7), 2, 4)).toThrow(
      "labels: 7 values are not 2 images of 4 classes. Give one row of labels per image."
    )
  })

  it("count bits", () => {
    fc.assert(
      fc.property(fc.integer(), (word) => {
        expect(popcount(word)).toBe([...(word >>> 0).toString(2)].filter((bit) => bit === "1").length)
      })
    )
  })
})

describe("relevance", () => {
  it("has the distances, shared labels and decisions of a naive second implementation", () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(0, 0.2, 0.4, 0.5, 0.6, 1), ({ classes, vectors }, threshold) => {
        const sets = labelSets(packed(vectors), vectors.length, classes)
        const book = codebook(classes)
        const relevant = relevantCodes(book, threshold)
        vectors.forEach((a, i) => {
          const codes = codesWith(sets, sets.of[i])
          vectors.forEach((b, j) => {
            const expected = jaccard(listed(a), listed(b))
            const code = codes[sets.of[j]]
            expect(book.distance[code]).toBe(expected)
            expect(book.shared[code]).toBe(listed(a).filter((label) => b[label]).length)
            expect(relevant[code]).toBe(expected <= threshold ? 1 : 0)
            expect(labelSimilarity(a, b)).toBeCloseTo(1 - expected, 15)
          })
        })
      }),
      runs(50)
    )
  })

  it("counts a pair exactly on a threshold, where 1 - 7/10 would miss 0.3", () => {
    const sets = labelSets(
      Uint8Array.from({ length: 20 }, (_, i) => (i < 17 ? 1 : 0)),
      2,
      10
    )
    const code = codesWith(sets, 0)[1]
    expect(codebook(10).distance[code]).toBe(0.3)
    expect(relevantCodes(codebook(10), 0.3)[code]).toBe(1)
    expect(1 - 7 / 10 <= 0.3).toBe(false)
  })

  it("fits a code in one byte for up to 21 classes", () => {
    expect(codesWith(labelSets(new Uint8Array(21), 1, 21), 0)).toBeInstanceOf(Uint8Array)
    expect(codesWith(labelSets(new Uint8Array(22), 1, 22), 0)).toBeInstanceOf(Uint16Array)
  })

  it("knows the strictest level", () => {
    expect(strictest(defaultThresholds)).toBe("hard")
    expect(strictest({ easy: 0.1, medium: 0.4, hard: 0.6 })).toBe("easy")
    expect(strictest({ easy: 0.2, medium: 0.2, hard: 0.2 })).toBe("hard")
  })
})
