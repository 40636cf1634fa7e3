/** Findings of one thing. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { clauseOf } from "../../../../../src/ops/data/archives/shared/clause.ts"
import { findingText } from "../../../../../src/ops/data/archives/shared/findings.ts"

/** All that findings say, `7` for what a text fills in, and what it is of one. */
const CLAUSES: Readonly<Record<string, string>> = {
  "label rows have no image": "label row has no image",
  "label rows name an image that has one already": "label row names an image that has one already",
  "label rows have no images: the archive holds none": "label row has no images: the archive holds none",
  "images have no row of labels": "image has no row of labels",
  "images have no label": "image has no label",
  "images have the pixels of another one": "image has the pixels of another one",
  "images are named by the position of their row": "image is named by the position of its row",
  "images are in another split than their copy": "image is in another split than its copy",
  "images have labels from their masks (7), not from a table": "image has labels from its masks (7), not from a table",
  "images have labels that look filled (7)": "image has labels that look filled (7)",
  "images have unusual files, which are read nevertheless": "image has unusual files, which are read nevertheless",
  "images have values that are not finite": "image has values that are not finite",
  "images have a band without any data": "image has a band without any data",
  "images have pixels without data": "image has pixels without data",
  "masks have no image": "mask has no image",
  "columns of 7 are in another order than usual": "column of 7 is in another order than usual",
  "columns of 7 are read as facts, not as classes": "column of 7 is read as facts, not as classes",
  "classes are named by categories of 7": "class is named by categories of 7",
  "classes are named by folders of the archive": "class is named by folders of the archive",
  "names are in two lists": "name is in two lists",
  "names of BigEarthNet v1's lists are of no patch here: whether its training leaks is not known":
    "name of BigEarthNet v1's lists is of no patch here: whether its training leaks is not known",
  "names in the lists have no patch": "name in the lists has no patch",
  "patches cannot be read": "patch cannot be read",
  "test patches are training patches of BigEarthNet v1 (7 % of the test)":
    "test patch is a training patch of BigEarthNet v1 (7 % of the test)",
  "classes have fewer than two patches": "class has fewer than two patches"
}

/** The clauses in the sources: the first argument of each call of `finding`, both of a choice. */
const written = (): ReadonlyArray<string> => {
  const root = join(import.meta.dirname, "../../../../../src")
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))
  const call = /\bfinding\(\s*(?:[^"`,]*\?\s*)?["`]([^"`]+)["`](?:\s*:\s*["`]([^"`]+)["`])?/g
  return files
    .flatMap((name) => [...readFileSync(join(root, name), "utf8").matchAll(call)])
    .flatMap(([, first, second]) => (second === undefined ? [first] : [first, second]))
    .map((text) => text.replace(/\$\{[^}]*\}/g, "7"))
}

describe("clauses of findings", () => {
  it("are all known here", () => {
    expect([...new Set(written())].sort()).toEqual(Object.keys(CLAUSES).sort())
  })

  it.each(Object.entries(CLAUSES))("%s", (many, one) => {
    expect(clauseOf(1, many)).toBe(one)
    expect(clauseOf(2, many)).toBe(many)
    expect(clauseOf(0, many)).toBe(many)
  })

  it("stay as they are where they are about anything else", () => {
    expect(clauseOf(1, "sheep have wool")).toBe("sheep have wool")
    expect(clauseOf(1, "images alone")).toBe("images alone")
  })

  it("stand in a finding with their count and examples", () => {
    const one = { what: "label rows have no image", severity: "fail", remedy: "Get them" } as const
    expect(findingText({ ...one, count: 1, examples: ["a"] })).toBe("1 label row has no image: a")
    expect(findingText({ ...one, count: 1234, examples: ["a", "b"] })).toBe(
      "1,234 label rows have no image: a, b, and 1,232 more"
    )
  })
})
