import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { meanOf, vectorsOf } from "../../../../src/ops/retrieve/rank/vectors.ts"
import { runs } from "../../../runs.ts"
import { embeddings } from "../cases.ts"

/** Images in batches, each value its own; and some of the images, in any order, also more than once. */
const drawn = fc.integer({ min: 1, max: 30 }).chain((n) =>
  fc.record({
    n: fc.constant(n),
    dim: fc.integer({ min: 1, max: 5 }),
    size: fc.integer({ min: 1, max: 9 }),
    images: fc.oneof(
      fc.array(fc.nat({ max: n - 1 }), { minLength: 1, maxLength: 30 }),
      fc.subarray([...Array(n).keys()], { minLength: 1 }),
      fc.constant([...Array(n).keys()].reverse())
    ),
    share: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
  })
)
const batchesOf = (n: number, dim: number, size: number) =>
  embeddings(
    Float32Array.from({ length: n * dim }, (_, i) => i + 1),
    new Uint8Array(n),
    dim,
    1,
    size
  )

describe("rows that stand in batches", () => {
  it("are read in the order of the images, wherever batches begin and end", () => {
    fc.assert(
      fc.property(drawn, ({ dim, images, n, share, size }) => {
        const some = vectorsOf(batchesOf(n, dim, size), Int32Array.from(images))
        const row = (image: number) => Array.from({ length: dim }, (_, k) => image * dim + k + 1)
        const [from, to] = share.map((part) => Math.round(part * images.length)).sort((a, b) => a - b)
        expect([some.count, some.dim]).toEqual([images.length, dim])
        expect([...some.read(from, to)]).toEqual(images.slice(from, to).flatMap(row))
        images.forEach((image, at) => {
          expect(some.squared(at)).toBe(row(image).reduce((sum, value) => sum + value * value, 0))
        })
      }),
      runs(200)
    )
  })

  const some = vectorsOf(batchesOf(6, 2, 4), Int32Array.of(0, 2, 3, 4))

  it("are read into room that is large enough, and leave the rest of it", () => {
    const room = new Float32Array(5).fill(9)
    const read = some.read(1, 3, room)
    expect([...read]).toEqual([5, 6, 7, 8])
    expect(read.buffer).toBe(room.buffer)
    expect([...room]).toEqual([5, 6, 7, 8, 9])
    const exact = new Float32Array(4)
    expect(some.read(2, 4, exact).buffer).toBe(exact.buffer)
    expect([...exact]).toEqual([7, 8, 9, 10])
  })

  it("are read elsewhere where the room is too small, which stays as it is", () => {
    const small = new Float32Array(3).fill(9)
    expect([...some.read(1, 3, small)]).toEqual([5, 6, 7, 8])
    expect([...small]).toEqual([9, 9, 9])
  })
})

describe("rows in another form", () => {
  const batches = embeddings(Float32Array.of(3, 4, 0, 0, -5, 0), Uint8Array.of(1, 0, 1), 2, 1)
  const all = Int32Array.of(2, 0, 1)

  it("have length one if they are normalised, and stay zeros if they have no direction", () => {
    const rows = vectorsOf(batches, all, "normalised")
    expect([...rows.read(0, 3)]).toEqual([-1, 0, ...Float32Array.of(0.6, 0.8), 0, 0])
    expect([...rows.read(1, 2)]).toEqual([...Float32Array.of(0.6, 0.8)])
    expect([...batches[0].vectors]).toEqual([3, 4, 0, 0, -5, 0])
  })

  it("are differences from a centre, whose squares are their own", () => {
    const rows = vectorsOf(batches, all, { centre: Float32Array.of(1, 2) })
    expect([...rows.read(0, 3)]).toEqual([-6, -2, 2, 2, -1, -2])
    expect([0, 1, 2].map(rows.squared)).toEqual([40, 8, 5])
    expect([...meanOf(rows.given)]).toEqual([...Float32Array.of(-2 / 3, 4 / 3)])
  })
})
