/** Bands that are not there; what becomes of those that are is in the tests of resizing and of whole chains. */
import { describe, expect, it } from "vitest"
import { assemble } from "../../../../../src/ops/data/patches/reading/assemble.ts"
import { decodeBands } from "../../../../../src/ops/data/stores/patch-value.ts"
import type { Band } from "../../../../../src/ops/elements.ts"
import { DataError } from "../../../../../src/ops/formats/data-error.ts"

const band = (name: string): Band => ({ name, dtype: "uint8", height: 1, width: 1, data: Uint8Array.of(0) })
const wanting = (name: string, names: ReadonlyArray<string>) => () => assemble(names.map(band), [name], "patch 7")

describe("a band that a patch does not have", () => {
  it("is refused with those that it has, whether or not one is like it", () => {
    expect(wanting("B04", ["1", "2", "3", "4"])).toThrow(
      "patch 7: has no band B04; did you mean `4`? Choose among the bands that the store holds: 1, 2, 3, 4."
    )
    expect(wanting("B04", ["Red", "Green", "Blue"])).toThrow(
      "patch 7: has no band B04. Choose among the bands that the store holds: Red, Green, Blue."
    )
  })

  it("is refused with no pixels, which nothing can be made of", () => {
    const empty = { ...band("B03"), height: 0, data: new Uint8Array(0) }
    expect(() => assemble([band("B02"), empty], ["B02", "B03"], "patch 7")).toThrow(
      "patch 7: has band B03 of 0 x 1 pixels. Get the patch again, or leave the band out."
    )
    expect(assemble([band("B02"), empty], ["B02"], "patch 7").height).toBe(1)
  })

  it("is refused with a few of many", () => {
    const many = Array.from({ length: 200 }, (_, i) => `channel ${i}`)
    expect(wanting("B04", many)).toThrow(/holds: channel 0, .*channel 14 and 185 more\.$/)
  })
})

describe("an image that would take too much memory", () => {
  const line = (name: string, height: number, width: number): Band => ({
    ...{ name, dtype: "uint8", height, width, data: new Uint8Array(height * width) }
  })
  const cross = [line("B02", 1, 20_000), line("B03", 20_000, 1)]

  it("is refused before memory is taken, though each of its bands is small", () => {
    expect(() => assemble(cross, ["B02", "B03"], "patch 7")).toThrow(
      "patch 7: holds 20000 x 20000 x 2 values, more than the 67108864 that one image may have. Cut it into smaller images, read fewer bands, or raise `max_values`."
    )
    expect(assemble(cross, ["B02"], "patch 7").width).toBe(20_000)
    expect(() => assemble(cross, ["B02"], "patch 7", undefined, 19_999)).toThrow("holds 1 x 20000 x 1 values")
  })

  it("is refused in a store whose value claims 2^31 pixels and holds few", () => {
    const header = { B02: { dtype: "U8", shape: [2 ** 16, 2 ** 15], data_offsets: [0, 2 ** 31] } }
    const json = Buffer.from(JSON.stringify(header))
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(json.length))
    const value = Buffer.concat([length, json, Buffer.alloc(100)])
    expect(() => decodeBands(value, "patch 7")).toThrow(DataError)
  })
})
