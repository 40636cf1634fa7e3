/** Quantised embeddings: their values, their order, and what is refused. */
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Embeddings } from "../../../../src/ops/elements.ts"
import { nearestCodes, packSigns, toInt8, toSigns } from "../../../../src/ops/retrieve/quantise/codes.ts"
import { quantise } from "../../../../src/ops/retrieve/quantise/quantise.ts"
import { embeddings as batches } from "../cases.ts"

const matrix = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 70 })).chain(([rows, dim]) =>
  fc.record({
    dim: fc.constant(dim),
    values: fc
      .array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: rows * dim, maxLength: rows * dim })
      .map((list) => Float32Array.from(list))
  })
)
const rowsOf = (values: Float32Array, dim: number) =>
  Array.from({ length: values.length / dim }, (_, i) => values.subarray(i * dim, (i + 1) * dim))
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, x, i) => sum + x * b[i], 0)

describe("int8", () => {
  it("is within half a step of each value, and uses the whole range", () => {
    fc.assert(
      fc.property(matrix, ({ dim, values }) => {
        const rounded = rowsOf(toInt8(values, dim), dim)
        rowsOf(values, dim).forEach((row, i) => {
          const most = Math.max(...row.map(Math.abs))
          if (most === 0) {
            expect(rounded[i].every((value) => value === 0)).toBe(true)
            return
          }
          expect(Math.max(...rounded[i].map(Math.abs))).toBe(127)
          row.forEach((value, k) => {
            expect(Number.isInteger(rounded[i][k])).toBe(true)
            expect(Math.abs((rounded[i][k] * most) / 127 - value)).toBeLessThanOrEqual((0.5001 * most) / 127)
          })
        })
      })
    )
  })
})

describe("binary codes", () => {
  it("have the cosine 1 - 2 h / d, so that both orders agree", () => {
    fc.assert(
      fc.property(matrix, ({ dim, values }) => {
        const signs = rowsOf(toSigns(values), dim)
        const words = Math.ceil(dim / 32)
        const packed = packSigns(values, dim)
        const found = nearestCodes(packed.subarray(0, words), packed, signs.length)
        expect(found).toHaveLength(signs.length)
        for (const { distance, row } of found) expect(dot(signs[0], signs[row])).toBe(dim - 2 * distance)
        const byCosine = signs
          .map((_, i) => i)
          .sort((a, b) => dot(signs[0], signs[b]) - dot(signs[0], signs[a]) || a - b)
        expect(found.map(({ row }) => row)).toEqual(byCosine)
      })
    )
  })

  it("are found by distance and position, the first k of all", () => {
    fc.assert(
      fc.property(matrix, fc.integer({ min: 1, max: 14 }), ({ dim, values }, k) => {
        const words = Math.ceil(dim / 32)
        const packed = packSigns(values, dim)
        const query = packed.subarray(packed.length - words)
        const all = nearestCodes(query, packed, packed.length)
        expect(nearestCodes(query, packed, k)).toEqual(all.slice(0, k))
      })
    )
  })
})

describe("quantise", () => {
  const run = (given: ReadonlyArray<Embeddings>, to: "int8" | "binary") =>
    Effect.runPromise(
      Effect.result(
        Stream.runCollect(
          quantise.run(
            { to, from: "pq.safetensors", centre: undefined },
            { expect: () => {} }
          )(Stream.fromIterable(given)) as Stream.Stream<Embeddings, Error>
        )
      )
    )
  const origin = { weights: "a", bands: ["Red"], height: 8, width: 8, normalisation: "none" }

  it("keeps names and labels, divides by the length, and says what it did in the origin", async () => {
    const [batch] = batches(Float32Array.of(0.5, -1, 2, 1, -3, 0.1), new Uint8Array(2), 3, 1, 2)
    const result = await run([{ ...batch, origin: { ...origin, compression: "pca" } }], "binary")
    if (result._tag === "Failure") throw result.failure
    const [made] = result.success
    const third = Math.fround(1 / Math.sqrt(3))
    expect([...made.vectors]).toEqual([third, -third, third, third, -third, third])
    expect([made.names, made.labels, made.dim]).toEqual([batch.names, batch.labels, 3])
    expect(made.origin?.compression).toBe("pca, binary")
    const bytes = await run([{ ...batch, origin }], "int8")
    if (bytes._tag === "Failure") throw bytes.failure
    expect(bytes.success[0].origin?.compression).toBe("int8")
  })

  it("refuses signs that say nothing, with the way on", async () => {
    const positive = batches(
      Float32Array.from({ length: 400 }, (_, i) => i + 1),
      new Uint8Array(4),
      100,
      1,
      4
    )
    const result = await run(positive, "binary")
    expect(result._tag === "Failure" && result.failure.message).toMatch(
      /same sign.*Set `centre` to a file that `fit-pca` wrote, or put `compress` before it/
    )
    expect((await run(positive, "int8"))._tag).toBe("Success")
  })
})
