import { describe, expect, it } from "vitest"
import { namingOf } from "../../../../../src/ops/data/archives/parquet/naming.ts"

describe("images of Parquet files are named", () => {
  it("by file names, else by paths, else by columns, else by positions", () => {
    expect(namingOf(["a/1.png", "a/2.png"].map((path) => ({ path, ids: ["x"] })))).toEqual({
      names: ["1", "2"],
      byPosition: false
    })
    expect(namingOf(["a/1.png", "b/1.png"].map((path) => ({ path, ids: [] }))).names).toEqual(["a/1", "b/1"])
    expect(namingOf(["x", "y"].map((id) => ({ path: "1.png", ids: ["same", id] }))).names).toEqual(["x", "y"])
    expect(
      namingOf([
        { path: "1.png", ids: ["x"] },
        { path: undefined, ids: [] }
      ])
    ).toEqual({
      names: ["0", "1"],
      byPosition: true
    })
  })

  it("if there are more of them than a function can have arguments", () => {
    const { names } = namingOf(Array.from({ length: 150_000 }, (_, i) => ({ path: `${i}.png`, ids: [] })))
    expect(names.length).toBe(150_000)
    expect(names.at(-1)).toBe("149999")
  })
})
