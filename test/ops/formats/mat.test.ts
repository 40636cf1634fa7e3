/** Matrices of MATLAB files, by hand as "MAT-File Format" has them: what scipy and MATLAB save. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { deflateSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { readLabelTable } from "../../../src/ops/data/archives/shared/table-set.ts"
import { readMatrix } from "../../../src/ops/formats/mat/read.ts"
import { temporaryFolder } from "../data/folder.ts"

const element = (type: number, content: Uint8Array): Buffer => {
  const tag = Buffer.alloc(8)
  tag.writeUInt32LE(type, 0)
  tag.writeUInt32LE(content.length, 4)
  return Buffer.concat([tag, content, Buffer.alloc((8 - (content.length % 8)) % 8)])
}

const bytes = (values: BigInt64Array | BigUint64Array | Int32Array): Uint8Array => new Uint8Array(values.buffer)

/** A variable of some array class: its flags, its shape, its values. */
const variable = (
  kind: number,
  shape: ReadonlyArray<number>,
  values: Uint8Array,
  { flags = 0, name = "labels", type = 2 } = {}
): Buffer =>
  element(
    14,
    Buffer.concat([
      element(6, Uint8Array.of(kind, flags, 0, 0, 0, 0, 0, 0)),
      element(5, bytes(Int32Array.from(shape))),
      element(1, Buffer.from(name)),
      element(type, values)
    ])
  )

const mat = (...variables: ReadonlyArray<Uint8Array>): Buffer => {
  const header = Buffer.alloc(128, " ")
  header.write("MATLAB 5.0 MAT-file", "latin1")
  header.writeUInt16LE(0x0100, 124)
  header.write("IM", 126, "latin1")
  return Buffer.concat([header, ...variables])
}

const read = (file: Uint8Array) => readMatrix(file, "labels.mat", "labels")
const CELLS = Uint8Array.of(1, 0, 0, 1)

describe("matrices", () => {
  it.each([
    ["int64", 14, 12, bytes(BigInt64Array.of(1n, -2n, 3n, 4n)), [1, 3, -2, 4]],
    ["uint64", 15, 13, bytes(BigUint64Array.of(1n, 2n, 3n, 4n)), [1, 3, 2, 4]],
    ["uint64, saved in bytes", 15, 2, Uint8Array.of(1, 2, 3, 4), [1, 3, 2, 4]]
  ])("of %s are read", (_, kind, type, values, wanted) => {
    expect(read(mat(variable(kind, [2, 2], values, { type })))).toEqual({
      rows: 2,
      columns: 2,
      values: Float64Array.from(wanted)
    })
  })

  it("are found behind variables of any kind", () => {
    const wide = variable(14, [1, 1], bytes(BigInt64Array.of(2n ** 60n)), { name: "id", type: 12 })
    const others = [1, 2, 3, 4, 5, 17].map((kind) => variable(kind, [2, 2], CELLS, { name: `v${kind}` }))
    expect(read(mat(wide, ...others, variable(9, [2, 2], CELLS))).rows).toBe(2)
    expect(() => read(mat(wide, ...others))).toThrow(
      "labels.mat: holds no matrix `labels`, but id, v1, v2, v3, v4, v5. Save it again with `save -v7`, or give"
    )
  })

  it.each([
    ["cells", variable(1, [2, 2], CELLS)],
    ["a struct", variable(2, [2, 2], CELLS)],
    ["text", variable(4, [2, 2], CELLS)],
    ["a sparse matrix", variable(5, [2, 2], CELLS)],
    ["complex numbers", variable(6, [2, 2], CELLS, { flags: 0x08 })],
    ["an array of 3 axes", variable(9, [2, 2, 1], CELLS)]
  ])("that are %s are called so", (what, one) => {
    expect(() => read(mat(one))).toThrow(
      `labels.mat: holds \`labels\` as ${what}, which is not read. Save it as a full matrix of real numbers, or give`
    )
  })

  it("of whole numbers that would be rounded are refused", () => {
    const one = variable(14, [1, 1], bytes(BigInt64Array.of(2n ** 53n)), { type: 12 })
    expect(() => read(mat(one))).toThrow("holds 9007199254740992, a whole number that would be rounded")
  })

  it("of version 7.3 are refused as such, with its header or without", () => {
    const problem = "labels.mat: is a MATLAB file of version 7.3, which is not read. Save it again with `save -v7`"
    const header = mat()
    header.write("MATLAB 7.3 MAT-file, Platform: GLNXA64", "latin1")
    expect(() => read(Buffer.concat([header, Buffer.alloc(512)]))).toThrow(problem)
    expect(() => read(Buffer.from("\x89HDF\r\n\x1a\n and more", "latin1"))).toThrow(problem)
  })

  it("are no tables: where images must be named they are refused, not printed", async () => {
    const file = join(temporaryFolder(), "multilabel.mat")
    writeFileSync(file, mat(variable(9, [2, 2], CELLS)))
    await expect(readLabelTable(file)).rejects.toThrow(
      `${file}: is a matrix, which names no images. Give the labels as a table with names (csv or txt).`
    )
  })
})

describe("packed matrices", () => {
  const packed = (one: Uint8Array): Buffer => {
    const body = deflateSync(one)
    const tag = Buffer.alloc(8)
    tag.writeUInt32LE(15, 0)
    tag.writeUInt32LE(body.length, 4)
    return Buffer.concat([tag, body])
  }

  it("are read, behind others that are skipped", () => {
    const noise = Uint8Array.from({ length: 9000 }, (_, i) => (i * i * 31 + (i >> 3)) & 255)
    const other = variable(9, [90, 100], noise, { name: "other" })
    expect(read(mat(packed(other), packed(variable(9, [2, 2], CELLS))))).toEqual({
      rows: 2,
      columns: 2,
      values: Float64Array.of(1, 0, 0, 1)
    })
    expect(readMatrix(mat(packed(other)), "x", "other").values.slice(0, 2)).toEqual(
      Float64Array.of(noise[0], noise[90])
    )
  })

  it("that unfold to gigabytes are skipped, or refused by their numbers, before they are unpacked", () => {
    const bomb = packed(variable(9, [2 ** 14, 2 ** 13], new Uint8Array(2 ** 27), { name: "bomb" }))
    expect(bomb.length).toBeLessThan(200_000)
    const before = process.memoryUsage().rss
    expect(() => readMatrix(mat(bomb), "labels.mat", "bomb")).toThrow(
      "labels.mat: holds 16384 x 8192 values, more than the 16777216 that one matrix may have. Give the labels as a table"
    )
    expect(read(mat(...new Array<Buffer>(20).fill(bomb), packed(variable(9, [2, 2], CELLS)))).rows).toBe(2)
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 27)
  })

  it("whose size lies are refused without being unpacked further than it says", () => {
    const bomb = packed(variable(9, [2, 2], new Uint8Array(2 ** 27)))
    expect(() => read(mat(bomb))).toThrow("labels.mat: cannot be unpacked (Cannot create a Buffer larger than")
    expect(() => read(mat(variable(9, [3, 2], CELLS)))).toThrow("holds 4 numbers in a matrix of 3 x 2")
    expect(() => read(mat(variable(9, [2 ** 31 - 1, 2 ** 31 - 1], CELLS)))).toThrow("that one matrix may have")
  })

  it("in cells within cells are not looked for", () => {
    let cells = variable(9, [1, 1], Uint8Array.of(1), { name: "" })
    for (let i = 0; i < 60; i++) cells = variable(1, [1, 1], cells, { name: "labels", type: 14 })
    expect(() => read(mat(packed(cells)))).toThrow("holds `labels` as cells, which is not read")
  })

  it("that are damaged are refused", () => {
    const whole = packed(variable(9, [2, 2], CELLS))
    for (const at of [9, 12, whole.length - 1]) {
      const damaged = Buffer.from(whole)
      damaged[at] ^= 0xff
      expect(() => read(mat(damaged))).toThrow(/^labels\.mat: /)
    }
  })
})
