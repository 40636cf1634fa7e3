/** Hamming search: WebAssembly, plain JavaScript, threads and a naive sort find the same rows in the same order. */
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { codesOf } from "../../../../src/ops/retrieve/hamming/codes.ts"
import { bestOf, distanceOf, positionOf, searchPart } from "../../../../src/ops/retrieve/hamming/nearest.ts"
import {
  blockRows,
  kernelOf,
  newSegment,
  plainScan,
  type Scan,
  scanOf,
  strideOf
} from "../../../../src/ops/retrieve/hamming/segment.ts"
import { openThreads } from "../../../../src/ops/retrieve/hamming/threads.ts"
import { nearestCodes } from "../../../../src/ops/retrieve/quantise/codes.ts"
import { random } from "../../../../src/pipeline/random.ts"
import { runs } from "../../../runs.ts"

/** Codes with many equal distances: each byte is one of few values. */
const codesFor = (rows: number, stride: number, seed: number, values = 256): Uint8Array => {
  const { int } = random(seed, 0, 0, "codes")
  return Uint8Array.from({ length: rows * stride }, () => int(values))
}

const naive = (codes: Uint8Array, query: Uint8Array, k: number, allowed?: Uint8Array) => {
  const bits = (byte: number): number => byte.toString(2).replaceAll("0", "").length
  const stride = query.length
  return Array.from({ length: codes.length / stride }, (_, row) => ({
    row,
    distance: query.reduce((sum, byte, i) => sum + bits(byte ^ codes[row * stride + i]), 0)
  }))
    .filter(({ row }) => (allowed?.[row] ?? 1) === 1)
    .sort((a, b) => a.distance - b.distance || a.row - b.row)
    .slice(0, k)
}

const threads = { ...openThreads(2), size: 2 }
afterAll(() => threads.close())

const filled = (stride: number, codes: Uint8Array, by?: typeof threads) => {
  const list = codesOf(stride, by)
  // In two parts, so that there are several segments.
  const cut = Math.floor(codes.length / stride / 3) * stride
  list.add(codes.subarray(0, cut))
  list.add(codes.subarray(cut))
  return list
}

const cases = fc.record({
  bits: fc.integer({ min: 1, max: 700 }),
  rows: fc.integer({ min: 0, max: 300 }),
  k: fc.integer({ min: 0, max: 320 }),
  seed: fc.nat(1000),
  values: fc.constantFrom(2, 256)
})

describe("Hamming search", () => {
  it("runs on WebAssembly SIMD in Node", () => {
    expect(kernelOf()).toBe("WebAssembly SIMD")
  })

  it("finds what a naive sort finds, on one thread and on two, with and without a filter", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ bits, k, rows, seed, values }) => {
        const stride = strideOf(bits)
        const codes = codesFor(rows, stride, seed, values)
        const queries = codesFor(3, stride, seed + 1, values)
        const allowed = Uint8Array.from({ length: rows }, (_, row) => ((row * 7 + seed) % 3 === 0 ? 1 : 0))
        for (const mask of [undefined, allowed]) {
          const expected = [0, 1, 2].map((q) => naive(codes, queries.subarray(q * stride, (q + 1) * stride), k, mask))
          for (const by of [undefined, threads]) {
            const found = await filled(stride, codes, by).search(queries, k, mask)
            expect(found.map((one) => Array.from(one.rows, (row, i) => ({ row, distance: one.distances[i] })))).toEqual(
              expected
            )
          }
        }
      }),
      runs(25)
    )
  })

  it.each([16, 64, 80, 256, 1024, 2048])("gives the same bits by WebAssembly as by JavaScript, %d bytes", (stride) => {
    const rows = 2 * blockRows(stride) + 3
    const segment = newSegment(stride, rows)
    const codes = codesFor(rows, stride, stride)
    new Uint8Array(segment.memory.buffer).set(codes)
    const query = codesFor(1, stride, 5)
    const [fast, plain] = [scanOf(segment), plainScan(segment)]
    for (const limit of [2 ** 31 - 1, 4 * stride, 0]) {
      const [a, b] = [fast(1, blockRows(stride), query, limit, 3), plain(1, blockRows(stride), query, limit, 0)]
      expect([...a]).toEqual([...b])
      expect(a.length > 0).toBe(limit > 0)
    }
    const keys = (scan: Scan) => {
      const best = bestOf(50)
      searchPart(scan, stride, query, { from: 0, to: rows, first: 0, lane: 1, allowed: undefined }, [best])
      return best.keys()
    }
    expect(keys(fast)).toEqual(keys(plain))
    const words = new Uint32Array(codes.buffer)
    expect(Array.from(keys(fast), (key) => ({ row: positionOf(key), distance: distanceOf(key) }))).toEqual(
      nearestCodes(new Uint32Array(query.buffer), words, 50)
    )
  })

  it("counts opposite codes of 8,192 bytes as 65,536 bits apart", async () => {
    const list = codesOf(8192)
    list.add(new Uint8Array(8192).fill(255))
    const [{ distances }] = await list.search(new Uint8Array(8192), 1)
    expect([...distances]).toEqual([65536])
  })

  it("reserves no room for more results than there are rows", async () => {
    const list = filled(16, codesFor(5, 16, 1), threads)
    const found = await list.search(codesFor(100, 16, 2), 2 ** 40)
    expect(found.map(({ rows }) => rows.length)).toEqual(new Array(100).fill(5))
  })

  it("fails, and does not wait, once its threads are closed", async () => {
    const own = { ...openThreads(2), size: 2 }
    const list = filled(16, codesFor(50, 16, 1), own)
    const query = codesFor(1, 16, 2)
    expect((await list.search(query, 3))[0].rows).toHaveLength(3)
    await own.close()
    await expect(list.search(query, 3)).rejects.toThrow("the index is closed")
    const other = openThreads(1)
    const part = { segment: newSegment(16, 50), from: 0, to: 50, first: 0, lane: 0, allowed: undefined }
    const waiting = expect(other.run([{ parts: [part], queries: query, k: 3 }])).rejects.toThrow("thread ended")
    await other.close()
    await waiting
  })

  it("answers searches that were started together as if one after another", async () => {
    const codes = codesFor(5000, 32, 1)
    const list = filled(32, codes, threads)
    const queries = Array.from({ length: 6 }, (_, i) => codesFor(1, 32, 100 + i))
    const found = await Promise.all(queries.map((query) => list.search(query, 4)))
    found.forEach(([{ rows }], i) => {
      expect([...rows]).toEqual(naive(codes, queries[i], 4).map(({ row }) => row))
    })
  })
})
