import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { DataError } from "../../../src/ops/formats/data-error.ts"
import { decodeNpy } from "../../../src/ops/formats/npy.ts"
import { npyBytes } from "../retrieve/embeddings/npy.ts"

/** A file as NumPy writes it, from its header's three entries. */
const file = (descr: string, shape: string, values: ReadonlyArray<number>, fortran = false, major = 1) => {
  const data = Uint8Array.from(values)
  return npyBytes(data, 0, 0, { descr, shape, fortran, major })
}

describe("decodeNpy", () => {
  it.each([
    ["|u1", [200, 3], "uint8", [200, 3]],
    ["<u2", [1, 2, 3, 4], "uint16", [513, 1027]],
    [">u2", [1, 2, 3, 4], "uint16", [258, 772]],
    ["<i2", [254, 255, 1, 0], "int16", [-2, 1]],
    [">i4", [255, 255, 255, 255, 0, 0, 0, 2], "int32", [-1, 2]],
    ["<f4", [0, 0, 128, 63, 0, 0, 0, 192], "float32", [1, -2]],
    [">f8", [63, 240, 0, 0, 0, 0, 0, 0, 192, 0, 0, 0, 0, 0, 0, 0], "float64", [1, -2]]
  ] as const)("reads %s", (descr, bytes, dtype, values) => {
    for (const major of [1, 2, 3]) {
      const array = decodeNpy(file(descr, "(2,)", bytes, false, major), "x.npy")
      expect([array.dtype, array.shape, [...array.data]]).toEqual([dtype, [2], values])
    }
  })

  it("turns columns into rows, whatever the number of axes", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(sizes, (shape) => {
        const count = shape.reduce((n, size) => n * size, 1)
        const bytes = file(
          "|u1",
          `(${shape.join(", ")},)`,
          Array.from({ length: count }, (_, i) => i),
          true
        )
        const { data } = decodeNpy(bytes, "x.npy")
        // The value at an index is its place in Fortran's order: the first axis counts ones.
        const places: Array<number> = []
        const walk = (axis: number, place: number, stride: number, index: ReadonlyArray<number>) => {
          if (axis === shape.length) return void places.push(place)
          for (let i = 0; i < shape[axis]; i++) walk(axis + 1, place + i * stride, stride * shape[axis], index)
        }
        walk(0, 0, 1, [])
        expect([...data]).toEqual(places)
      })
    )
  })

  it("reads a number without axes, and nothing", () => {
    expect(decodeNpy(file("|u1", "()", [7]), "x.npy")).toEqual({ dtype: "uint8", shape: [], data: Uint8Array.of(7) })
    expect(decodeNpy(file("|u1", "(0, 3)", []), "x.npy").shape).toEqual([0, 3])
  })

  it.each([
    ["nothing", new Uint8Array(0), "is not a .npy file"],
    ["another file", Buffer.from("PK\x03\x04 and so on, a zip"), "is not a .npy file"],
    ["text values", file("<U5", "(1,)", [1, 2, 3, 4]), "holds values of type <U5, which are not read"],
    ["objects", file("|O", "(1,)", [1]), "holds values of type |O"],
    ["missing values", file("<u2", "(3,)", [1, 2, 3, 4]), "is cut short: 72 bytes of 74. Copy or save it again"],
    [
      "values left over",
      file("|u1", "(3,)", [1, 2, 3, 4]),
      "is 1 bytes longer than its header says. Save one array to it"
    ],
    ["a giant shape", file("|u1", "(4294967296, 4294967296, 4294967296)", [1]), "is cut short: "],
    ["a size beyond all numbers", file("|u1", `(0, ${"9".repeat(400)})`, []), "which no array can have"],
    ["a version to come", file("|u1", "(1,)", [1], false, 9), "is a .npy file of version 9"]
  ])("refuses %s", (_, bytes, problem) => {
    expect(() => decodeNpy(bytes, "x.npy")).toThrow(DataError)
    expect(() => decodeNpy(bytes, "x.npy")).toThrow("x.npy: ")
    expect(() => decodeNpy(bytes, "x.npy")).toThrow(problem)
  })
})
