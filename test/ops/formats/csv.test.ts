import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { delimiterOf, eachRow, readCsv } from "../../../src/ops/formats/csv.ts"
import { csvRow, field } from "../../../src/ops/formats/csv-rows.ts"

describe("reading CSV", () => {
  it.each([
    ["LF", "image,sea\na,1\nb,0\n"],
    ["CRLF", "image,sea\r\na,1\r\nb,0\r\n"],
    ["CR", "image,sea\ra,1\rb,0\r"],
    ["a header that ends CRLF over rows that end LF", "image,sea\r\na,1\nb,0"],
    ["a byte order mark", "\ufeffimage,sea\na,1\nb,0\n"],
    ["empty lines", "\n\nimage,sea\n\r\na,1\n\n\nb,0\n\n"],
    ["white space around fields", " image , sea\na,1 \n b, 0\n"],
    ["quotes", '"image","sea"\n"a","1"\n"b",0\n'],
    ["sep= of Excel, a semicolon", "sep=;\nimage;sea\na;1\nb;0\n"],
    ["sep= of Excel, a comma and CRLF", "\ufeffsep=,\r\nimage,sea\r\na,1\r\nb,0\r\n"],
    ["SEP= of Excel, a tab and CR", "SEP=\t\rimage\tsea\ra\t1\rb\t0\r"]
  ])("takes %s", (_, text) => {
    expect(readCsv(text, "f")).toEqual([
      ["image", "sea"],
      ["a", "1"],
      ["b", "0"]
    ])
  })

  it("keeps line ends, delimiters, doubled quotes and white space of fields in quotes", () => {
    expect(readCsv('"a\nb","c\r\nd"\n"e,""f"""," g "\n', "f")).toEqual([
      ["a\nb", "c\r\nd"],
      ['e,"f"', " g "]
    ])
  })

  it("reads rows of any length, and keeps white space if asked", () => {
    expect(readCsv(" a ,b\nc\n", "f", { trim: false })).toEqual([[" a ", "b"], ["c"]])
  })

  it("takes millions of empty lines", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      expect(readCsv(`image,sea${end.repeat(5_000_000)}a,1${end}`, "f")).toEqual([
        ["image", "sea"],
        ["a", "1"]
      ])
    }
  })

  it("refuses quotes that are not balanced, with the file's name", () => {
    expect(() => readCsv('a,"b\nc', "labels.csv")).toThrow(
      /^labels\.csv: is not a table \(Quote Not Closed.*Save it as CSV/
    )
  })

  it("throws on what its visitor throws, and numbers rows from 0", () => {
    const seen: Array<number> = []
    eachRow("a\n\nb\n", "f", {}, (_, number) => seen.push(number))
    expect(seen).toEqual([0, 1])
    expect(() =>
      eachRow("a\nb\n", "f", {}, () => {
        throw new RangeError("mine")
      })
    ).toThrow(new RangeError("mine"))
  })
})

describe("the delimiter", () => {
  it.each([
    ["image;Sea, ocean;Beach\na;1;0\n", ";"],
    ["image,a;b\nx,1\n", ","],
    ["image\tsea\na\t1\n", "\t"],
    ['"a;b;c",d\ne,f\n', ","],
    ["p0;1\rp1;1\r", ";"],
    ["p0\np1\n", ","],
    ["", ","],
    ["sep=\t\na;b", "\t"],
    ["image;Sea, ocean, coast\na;1\n", ";"]
  ])("of %j is %j", (text, sign) => {
    expect(delimiterOf(text)).toBe(sign)
    const [first] = readCsv(text, "f", { delimiter: "detect" })
    expect(first?.length ?? 1).toBeGreaterThanOrEqual(1)
  })
})

describe("writing CSV", () => {
  it("puts fields in quotes only if they need them", () => {
    expect(["a", "a b", "é", "a,b", 'a"b', "a\nb", "a\rb", " a", "a;b", "sep=x"].map(field)).toEqual([
      "a",
      "a b",
      "é",
      '"a,b"',
      '"a""b"',
      '"a\nb"',
      '"a\rb"',
      '" a"',
      '"a;b"',
      '"sep=x"'
    ])
  })

  it("writes rows that are read back as they were, whatever their fields hold", () => {
    const cell = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom(",", ";", "\t", '"', "\n", "\r", " ", "a", "=", "\ufeff") })
    )
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 1 }), { minLength: 1 }), fc.boolean(), (rows, detect) => {
        const text = rows.map(csvRow).join("")
        expect(readCsv(text, "f", { delimiter: detect ? "detect" : "," })).toEqual(rows)
      }),
      { numRuns: 300 }
    )
  })
})
