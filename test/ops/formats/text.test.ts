import { describe, expect, it } from "vitest"
import { jsonOf, textOf } from "../../../src/ops/formats/text.ts"

const swapped = (text: string) => Buffer.from(text, "utf16le").swap16()

describe("text of bytes", () => {
  it.each([
    ["UTF-8", Buffer.from("forêt,1\n")],
    ["UTF-8 with a byte order mark", Buffer.from("\ufeffforêt,1\n")],
    ["UTF-16, little-endian", Buffer.from("\ufeffforêt,1\n", "utf16le")],
    ["UTF-16, big-endian", swapped("\ufeffforêt,1\n")]
  ])("is decoded from %s", (_, bytes) => {
    expect(textOf(bytes, "f")).toBe("forêt,1\n")
  })

  it("may be empty", () => {
    expect(textOf(new Uint8Array(), "f")).toBe("")
    expect(textOf(Buffer.from("\ufeff"), "f")).toBe("")
  })

  it.each([
    ["Latin-1", Buffer.from("forêt", "latin1"), "is not text in UTF-8"],
    ["UTF-16 without a mark", Buffer.from("wood", "utf16le"), "is text in UTF-16 without a byte order mark"],
    ["UTF-16 without a mark, big-endian", swapped("wood"), "is text in UTF-16 without a byte order mark"],
    ["half a surrogate pair", Buffer.from("\ufeffa\ud800b", "utf16le"), "is not text in UTF-16LE"],
    ["an odd byte at the end", Buffer.from([0xff, 0xfe, 0x61]), "is not text in UTF-16LE"],
    ["UTF-32", Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), "is text in UTF-32, which is not read"],
    ["UTF-32, big-endian", Buffer.from([0, 0, 0xfe, 0xff, 0, 0, 0, 0x61]), "is text in UTF-32, which is not read"],
    ["a binary file", Buffer.from("names\0\0\0\0\0\0\0\0x"), "is not text: it holds zero bytes"]
  ])("is refused from %s", (_, bytes, problem) => {
    expect(() => textOf(bytes, "names.csv")).toThrow(`names.csv: ${problem}. Save it as UTF-8.`)
  })
})

describe("JSON of bytes", () => {
  it("is parsed in each of the encodings", () => {
    for (const bytes of [Buffer.from('{"a":[1]}'), Buffer.from('\ufeff{"a":[1]}'), swapped('\ufeff{"a":[1]}')]) {
      expect(jsonOf(bytes, "f")).toEqual({ a: [1] })
    }
  })

  it("is refused with the file's name", () => {
    expect(() => jsonOf(Buffer.from('{"a"'), "facts.json")).toThrow(
      /^facts\.json: is not JSON \(.*\)\. Save it as valid JSON\.$/
    )
    expect(() => jsonOf(Buffer.from([0xe9]), "facts.json")).toThrow("facts.json: is not text in UTF-8")
  })
})
