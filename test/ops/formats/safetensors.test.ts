import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { DataError } from "../../../src/ops/formats/data-error.ts"
import { decodeMetadata, decodeSafetensors, type Tensor } from "../../../src/ops/formats/safetensors/read.ts"
import { encodeSafetensors } from "../../../src/ops/formats/safetensors/write.ts"

/** A blob made by hand, independent of the encoder. */
const blob = (header: string, values: ReadonlyArray<number>, length = header.length): Uint8Array => {
  const bytes = Buffer.alloc(8 + header.length + values.length)
  bytes.writeBigUInt64LE(BigInt(length), 0)
  bytes.write(header, 8, "latin1")
  bytes.set(values, 8 + header.length)
  return bytes
}
const entry = (dtype: string, shape: ReadonlyArray<number>, from: number, to: number) =>
  `{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${from},${to}]}`

const arrays = {
  uint8: fc.uint8Array(),
  uint16: fc.uint16Array(),
  int16: fc.int16Array(),
  int32: fc.int32Array(),
  uint32: fc.uint32Array(),
  float32: fc.float32Array(),
  float64: fc.float64Array()
}
const tensor = fc.constantFrom(...(Object.keys(arrays) as Array<keyof typeof arrays>)).chain((dtype) =>
  fc.record({ name: fc.string({ unit: "binary" }), data: arrays[dtype], flat: fc.boolean() }).map(
    ({ name, data, flat }): Tensor => ({
      name,
      dtype,
      shape: flat || data.length % 2 === 1 ? [data.length] : [2, data.length / 2, 1],
      data
    })
  )
)
const tensors = fc
  .uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 6 })
  .filter((list) => list.every(({ name }) => name !== "__metadata__"))
const metadata = fc.dictionary(fc.string(), fc.string({ unit: "binary" }), { noNullPrototype: true })

describe("safetensors", () => {
  it("reads bytes laid out as the format says, unaligned and padded", () => {
    const header = `{"b":${entry("U16", [1, 2], 0, 4)},"__metadata__":{"k":"v:\\"w"},"a":${entry("F32", [], 4, 8)}}  `
    const bytes = blob(header, [1, 2, 255, 255, 0, 0, 128, 63])
    const odd = new Uint8Array(bytes.length + 1)
    odd.set(bytes, 1)
    for (const form of [bytes, odd.subarray(1)]) {
      expect(decodeSafetensors(form, "x")).toEqual({
        tensors: [
          { name: "b", dtype: "uint16", shape: [1, 2], data: Uint16Array.of(513, 65535) },
          { name: "a", dtype: "float32", shape: [], data: Float32Array.of(1) }
        ],
        metadata: { k: 'v:"w' }
      })
      expect(decodeMetadata(form, "x")).toEqual({ k: 'v:"w' })
    }
  })

  it("writes a header of JSON and values at multiples of 8", () => {
    const bytes = encodeSafetensors([{ name: "2", dtype: "int16", shape: [2], data: Int16Array.of(-1, 2) }], { a: "b" })
    const length = Number(Buffer.from(bytes).readBigUInt64LE(0))
    expect(length % 8).toBe(0)
    expect(JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString())).toEqual({
      __metadata__: { a: "b" },
      2: { dtype: "I16", shape: [2], data_offsets: [0, 4] }
    })
    expect([...bytes.subarray(8 + length)]).toEqual([255, 255, 2, 0])
  })

  it("gives back what was written", () => {
    fc.assert(
      fc.property(tensors, metadata, (list, meta) => {
        const bytes = encodeSafetensors(list, meta)
        const read = decodeSafetensors(bytes, "x")
        // Empty tensors share an offset, so that order is free among them.
        const byName = (all: ReadonlyArray<Tensor>) => new Map(all.map((one) => [one.name, one]))
        expect(byName(read.tensors)).toEqual(byName(list))
        expect({ ...read.metadata }).toEqual({ ...meta })
      })
    )
  })

  it("gives values that do not change with the bytes they were read from", () => {
    const bytes = encodeSafetensors([{ name: "a", dtype: "uint8", shape: [3], data: Uint8Array.of(1, 2, 3) }])
    const { tensors: read } = decodeSafetensors(Buffer.from(bytes.buffer), "x")
    bytes.fill(0)
    expect([...read[0].data]).toEqual([1, 2, 3])
  })

  it("never meets damage with anything but a DataError or an answer", () => {
    const bytes = encodeSafetensors(
      [
        { name: "a", dtype: "uint16", shape: [2, 2], data: Uint16Array.of(1, 2, 3, 4) },
        { name: "b", dtype: "float64", shape: [1], data: Float64Array.of(1) }
      ],
      { labels: "[]" }
    )
    const flips = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(flips, fc.nat(bytes.length), (changes, cut) => {
        const damaged = bytes.slice(0, cut % 3 === 0 ? cut : bytes.length)
        for (const [at, value] of changes) damaged[at] = value
        try {
          for (const { data, shape } of decodeSafetensors(damaged, "x").tensors) {
            expect(data.length).toBe(shape.reduce((n, size) => n * size, 1))
          }
        } catch (fault) {
          expect(fault).toBeInstanceOf(DataError)
        }
      }),
      { numRuns: 3000 }
    )
  })

  it.each([
    ["nothing", new Uint8Array(3), "holds 3 bytes"],
    ["a length that lies", blob("{}", [], 3), "claims a header of 3 bytes, but 2 bytes follow"],
    ["a giant length", Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 123, 125), "18446744073709551615 bytes"],
    ["no JSON", blob("{oops", []), "has a header that is not JSON"],
    ["no object", blob("[]", []), "is not a JSON object"],
    ["no entry", blob('{"a":3}', []), 'tensor "a" is not described by'],
    ["an unknown dtype", blob(`{"a":${entry("F8", [1], 0, 1)}}`, [0]), 'unknown dtype "F8"'],
    ["a negative size", blob(`{"a":${entry("U8", [-1], 0, 1)}}`, [0]), "no valid shape"],
    ["offsets the wrong way", blob(`{"a":${entry("U8", [1], 1, 0)}}`, [0]), "no valid offsets"],
    ["a size that lies", blob(`{"a":${entry("U16", [2], 0, 2)}}`, [0, 0]), "needs 4 bytes, but its offsets span 2"],
    ["offsets out of range", blob(`{"a":${entry("U8", [9], 0, 9)}}`, [0]), "describes 9 bytes of values, but holds 1"],
    ["bytes left over", blob(`{"a":${entry("U8", [1], 0, 1)}}`, [0, 0]), "describes 1 bytes of values, but holds 2"],
    [
      "overlapping tensors",
      blob(`{"a":${entry("U8", [2], 0, 2)},"b":${entry("U8", [2], 1, 3)}}`, [0, 0, 0]),
      'tensor "b" overlaps'
    ],
    ["a gap", blob(`{"a":${entry("U8", [1], 1, 2)}}`, [0, 0]), 'tensor "a" leaves a gap'],
    ["a name twice", blob(`{"a":${entry("U8", [1], 0, 1)},"a":${entry("U8", [1], 0, 1)}}`, [0]), "a name occurs twice"],
    ["metadata that are not texts", blob('{"__metadata__":{"a":1}}', []), "metadata that are not text"]
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, "key one")).toThrow(DataError)
    expect(() => decodeSafetensors(bytes, "key one")).toThrow(`key one: `)
    expect(() => decodeSafetensors(bytes, "key one")).toThrow(message)
  })

  it.each(["F16", "BF16", "I64", "U64", "I8", "BOOL", "F8_E4M3", "F8_E5M2", "C64"])("does not read %s", (dtype) => {
    expect(() => decodeSafetensors(blob(`{"a":${entry(dtype, [1], 0, 2)}}`, [0, 0]), "key one")).toThrow(
      `key one: holds "a" as ${dtype}, which is not read. ` +
        "Convert it to one of uint8, uint16, int16, int32, uint32, float32, float64."
    )
  })

  it.each([
    ["a name twice", [0, 1].map(() => ({ name: "a", dtype: "uint8", shape: [1], data: Uint8Array.of(1) }))],
    ["a reserved name", [{ name: "__metadata__", dtype: "uint8", shape: [1], data: Uint8Array.of(1) }]],
    ["another dtype", [{ name: "a", dtype: "int16", shape: [1], data: Uint8Array.of(1) }]],
    ["another size", [{ name: "a", dtype: "uint8", shape: [2, 2], data: Uint8Array.of(1) }]]
  ] as ReadonlyArray<[string, ReadonlyArray<Tensor>]>)("does not write %s", (_, list) => {
    expect(() => encodeSafetensors(list)).toThrow(DataError)
  })
})
