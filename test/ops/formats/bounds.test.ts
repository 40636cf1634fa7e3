import { describe, expect, it } from "vitest"
import { checkValues, MATRIX_BOUND, MAX_VALUES } from "../../../src/ops/formats/bounds.ts"

describe("the bound on values", () => {
  it("takes as many as it names, of any shape", () => {
    checkValues([8192, 8192], "x.tif")
    checkValues([0, 1e300], "x.tif")
    checkValues([], "x.tif")
    expect(MAX_VALUES).toBe(8192 * 8192)
  })

  it("refuses more by sizes, bound and remedy", () => {
    expect(() => checkValues([8192, 8193], "x.tif")).toThrow(
      "x.tif: holds 8192 x 8193 values, more than the 67108864 that one image may have. Cut it into smaller images."
    )
    expect(() => checkValues([1e300, 1e300], "x.tif")).toThrow("x.tif: holds 1e+300 x 1e+300 values")
    expect(() => checkValues([5, 5], "x.mat", { ...MATRIX_BOUND, most: 24 })).toThrow(
      "x.mat: holds 5 x 5 values, more than the 24 that one matrix may have. Give the labels as a table (csv)."
    )
  })
})
