/** Lists of splits: what is written is read back, whatever patches are called. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readLists } from "../../../../src/ops/data/splits/list-files.ts"
import { readSplitFile, splitFileText } from "../../../../src/ops/data/splits/name-lists.ts"
import { temporaryFolder } from "../folder.ts"

const cases = join(import.meta.dirname, "../cases/lists")
const file = join(temporaryFolder(), "train.csv")
const read = (text: string) => {
  writeFileSync(file, text)
  return readSplitFile(file, "train")
}

describe("lists of splits", () => {
  it("give back every name, with commas, quotes, blanks and line breaks in it", () => {
    const name = fc
      .string({ unit: fc.constantFrom(..."ab/ ,\"'Ä.-;\t\r\n\v"), minLength: 1, maxLength: 8 })
      .filter((text) => text.trim() !== "")
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), (names) => {
        expect(read(splitFileText(names))).toEqual(names)
      })
    )
  })

  it("are plain lines where names are plain", () => {
    expect(splitFileText(["S2A_MSIL2A_20170613T101031_0_0", "north/a b"])).toBe(
      "S2A_MSIL2A_20170613T101031_0_0\nnorth/a b\n"
    )
  })

  it("may have more columns, quotes, blank lines and line ends of Windows", () => {
    expect(read('a,S1A\r\n"b, c",S1B\r\n\r\n  d  \n"e ""f"""\n')).toEqual(["a", "b, c", "d", 'e "f"'])
  })

  it("that somebody named may have semicolons between their columns, and line ends of old Macs", () => {
    expect(readLists(cases, { train: "tr.csv", test: "te.csv" }, ["split", "lists"])).toEqual({
      train: ["p0", "p1"],
      test: ["p2", "p3"]
    })
  })

  it("are refused if a quote is not closed, since names beyond it would be lost", () => {
    expect(() => read('a\n"open\nb\n')).toThrow(`${file}: is not a table (Quote Not Closed`)
  })

  it("are refused where a name stands twice, or none is there", () => {
    expect(() => read("a\nb\na,1\n")).toThrow(`${file}: names a twice. Give one patch name per line`)
    expect(() => read("\n\n")).toThrow(`${file}: names no patch of train`)
  })

  it("that are not there are told by who should have put them there: a step, or whoever named them", () => {
    const folder = temporaryFolder()
    const absent = join(folder, "none.csv")
    expect(() => readSplitFile(absent, "train")).toThrow("Run the pipeline with the `split` step first")
    expect(() => readLists(folder, { train: "none.csv" }, ["split", "lists"])).toThrow(
      `${absent}: there is no such file. Check its path.`
    )
    expect(() => readLists(folder, { train: "." }, ["split", "lists"])).toThrow(
      /: cannot be read \(EISDIR.*\)\. Check its path\.$/
    )
  })
})
