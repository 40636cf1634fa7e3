import { describe, expect, it } from "vitest"
import { ownNomenclature } from "../../../../src/ops/data/archives/nomenclatures.ts"
import { byLists } from "../../../../src/ops/data/splits/division.ts"
import type { PatchRef } from "../../../../src/ops/elements.ts"

const patch = (name: string): PatchRef => ({
  ...{ kind: "reference", archive: "arrays", name, folder: "", files: {}, facts: {} },
  ...{ labels: [], nomenclature: ownNomenclature(["sea"]), split: undefined }
})
const divided = (names: ReadonlyArray<string>, lists: Parameters<typeof byLists>[1]) =>
  byLists(names.map(patch), lists, "fail").references.map(({ name, split }) => `${name}: ${split}`)

describe("lists", () => {
  it("compare names without case and extension", () => {
    expect(divided(["A.tif", "b"], { train: ["a"], test: ["B.png"] })).toEqual(["A.tif: train", "b: test"])
  })

  it("are refused where one of their names is that of two patches", () => {
    expect(() => divided(["a", "A", "b"], { train: ["a"], test: ["b"] })).toThrow(
      "split: a and A are the same name in a list, because case and extension are ignored. Rename one of them"
    )
    expect(divided(["a", "A", "b"], { test: ["b"] })).toEqual(["b: test"])
  })

  it("name some that are missing, and how many more", () => {
    expect(() => divided(["a"], { train: ["a", "b", "c", "d", "e"] })).toThrow(
      "4 names in the lists have no patch: b, c, d and 1 more. Give the archive"
    )
  })

  it("that match nothing are refused, even where missing names are skipped", () => {
    const skipping = (lists: Parameters<typeof byLists>[1]) => byLists(["a", "b"].map(patch), lists, "skip")
    expect(() => skipping({ train: ["x;1", "y;1"], test: ["z;1"] })).toThrow(
      "split: no name in the lists is that of a patch: the lists have x;1, y;1, z;1, the archive a, b. Give the lists of this archive"
    )
    expect(skipping({ train: ["a", "b"], test: ["z"] }).notes).toContain("no name in the list of test has a patch")
  })
})
