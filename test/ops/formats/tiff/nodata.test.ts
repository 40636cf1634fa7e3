import { describe, expect, it } from "vitest"
import { nodataOf } from "../../../../src/ops/formats/tiff/nodata.ts"

describe("what stands where a sparse file has nothing", () => {
  // What GDAL 3.10.3 reads there.
  it.each([
    ["7", "uint16", 7],
    ["-9999", "uint16", 0],
    ["70000", "uint16", 65_535],
    ["3.6", "uint8", 4],
    ["2.5", "uint8", 3],
    ["-2.5", "int16", -3],
    ["nan", "uint8", 0],
    ["-inf", "int16", -32_768],
    ["-inf", "float32", Number.NEGATIVE_INFINITY],
    ["inf", "float32", Number.POSITIVE_INFINITY],
    ["nan", "float32", Number.NaN],
    [" -3.4e+38 ", "float64", -3.4e38]
  ] as const)("%j in %s is %d", (text, dtype, value) => {
    expect(nodataOf(text, dtype)).toBe(value)
  })

  it.each(["", "abc", "12abc", "1,5"])("is no number where the file says %j", (text) => {
    expect(nodataOf(text, "float32")).toBeUndefined()
  })
})
