import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { descending, scratch } from "../../../../src/ops/retrieve/rank/order.ts"

/** The obvious way: compare scores, then positions. */
const naive = (scores: Float32Array): Array<number> =>
  Array.from(scores, (_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b)

const order = (scores: Float32Array): Array<number> => {
  const into = new Int32Array(scores.length)
  const sorted = new Float32Array(scores.length)
  descending(scores, into, sorted, scratch(scores.length))
  // `+ 0`, for -0 is written as 0.
  expect([...sorted]).toEqual([...into].map((at) => scores[at] + 0))
  return [...into]
}

const finite = fc.float32Array({ noNaN: true, noDefaultInfinity: true, maxLength: 200 })
/** Few different values, so that ties are the rule; zeros of both signs, the smallest and the largest floats among them. */
const tied = fc
  .array(
    fc.constantFrom(0, -0, 0.5, -0.5, 1, -1, 1.401298464324817e-45, -1.401298464324817e-45, 3.4028234663852886e38),
    {
      maxLength: 200
    }
  )
  .map((values) => Float32Array.from(values))

describe("descending order", () => {
  it("is that of comparing, for any floats", () => {
    fc.assert(
      fc.property(finite, (scores) => {
        expect(order(scores)).toEqual(naive(scores))
      })
    )
  })

  it("keeps equal scores by position, 0 and -0 among them", () => {
    fc.assert(
      fc.property(tied, (scores) => {
        expect(order(scores)).toEqual(naive(scores))
      })
    )
    expect(order(Float32Array.of(-0, 0, -0))).toEqual([0, 1, 2])
  })

  it("leaves the scores as they are and its memory fit for the next", () => {
    fc.assert(
      fc.property(finite, (scores) => {
        const memory = scratch(scores.length)
        const kept = scores.slice()
        const [one, two] = [new Int32Array(scores.length), new Int32Array(scores.length)]
        const sorted = new Float32Array(scores.length)
        descending(scores, one, sorted, memory)
        descending(scores, two, sorted, memory)
        expect(scores).toEqual(kept)
        expect(two).toEqual(one)
      })
    )
  })
})
