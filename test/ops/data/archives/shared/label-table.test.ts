/** Tables of labels as programs and people write them. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { parseLabelTable } from "../../../../../src/ops/data/archives/shared/label-table.ts"
import { readLabelTable } from "../../../../../src/ops/data/archives/shared/table-set.ts"
import { temporaryFolder } from "../../folder.ts"

const wanted = { classes: ["lake, river", "land"], names: ["a", "b"], labels: Uint8Array.of(1, 0, 0, 1) }
const plain = 'image,"lake, river",land\na,1,0\nb,0,1\n'

describe("a table of labels", () => {
  it.each([
    ["commas", plain],
    ["semicolons", "image;lake, river;land\na;1;0\nb;0;1\n"],
    ["semicolons, some classes in quotes", 'image;"lake, river";land\na;1;0\nb;0;1\n'],
    ["tabs", "image\tlake, river\tland\na\t1\t0\nb\t0\t1\n"],
    ["Excel's line with the separator", "sep=;\r\nimage;lake, river;land\r\na;1;0\r\nb;0;1\r\n"],
    ["line ends of Windows", plain.replaceAll("\n", "\r\n")],
    ["line ends of old Macs", plain.replaceAll("\n", "\r")],
    ["a header that ends in CRLF, and rows in LF", plain.replace("\n", "\r\n")],
    ["another name of its first column", plain.replace("image", "Name")],
    ["empty lines", plain.replaceAll("\n", "\n\n")],
    ["spreadsheets' numbers", plain.replace("1,0", "1.0,0.0")]
  ])("may have %s", (_, text) => {
    expect(parseLabelTable("t.csv", text)).toEqual({ file: "t.csv", ...wanted })
  })

  it.each([
    ["UTF-8 with a byte order mark", Buffer.from(`\ufeff${plain}`)],
    ["UTF-16, as Excel's Unicode text", Buffer.from(`\ufeff${plain}`, "utf16le")]
  ])("may be text in %s", async (_, bytes) => {
    const file = join(temporaryFolder(), "labels.txt")
    writeFileSync(file, bytes)
    expect(await readLabelTable(file)).toEqual({ file, ...wanted })
  })

  it("keeps names with line breaks and quotes whole", () => {
    const { names } = parseLabelTable("t.csv", 'image,land\n"a\nb.png",1\n"say ""a"".png",0\n')
    expect(names).toEqual(["a\nb.png", 'say "a".png'])
  })

  it("of millions of empty lines is one of no rows", () => {
    const { classes, names } = parseLabelTable("t.csv", `image,land\n${"\n".repeat(5_000_000)}`)
    expect([classes, names]).toEqual([["land"], []])
  })

  it("of nothing but empty lines names no class", () => {
    expect(() => parseLabelTable("t.csv", "\n".repeat(5_000_000))).toThrow("t.csv: its header names no class")
  })

  it("of more rows than fit its first memory is read whole", () => {
    const rows = Array.from({ length: 3000 }, (_, i) => `p${i},${i % 2},1`)
    const { labels, names } = parseLabelTable("t.csv", ["image,sea,land", ...rows].join("\n"))
    expect(names).toHaveLength(3000)
    expect(labels).toEqual(Uint8Array.from({ length: 6000 }, (_, i) => (i % 2 === 1 ? 1 : (i >> 1) % 2)))
  })
})
