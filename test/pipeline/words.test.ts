import fc from "fast-check"
import { expect, it } from "vitest"
import { explained } from "../../src/pipeline/explained.ts"
import { counted, few, printable } from "../../src/pipeline/words.ts"

it("names the first few of many", () => {
  expect(few([])).toBe("")
  expect(few(["a", "b", "c"])).toBe("a, b, c")
  expect(few(["a", "b", "c", "d", "e"])).toBe("a, b, c and 2 more")
  expect(few(["a", "b"], 1)).toBe("a and 1 more")
})

it("counts one as one", () => {
  expect([0, 1, 2].map((n) => counted(n, "patch", "patches"))).toEqual(["0 patches", "1 patch", "2 patches"])
  expect(counted(1200, "name is", "names are")).toBe("1,200 names are")
  expect(counted(3, "band")).toBe("3 bands")
})

it("ends a message's sentences once", () => {
  class Fault extends explained("Fault") {}
  const said = (problem: string) => new Fault({ subject: "a.yaml", problem, remedy: "Mend it" }).message
  expect(said("is wrong")).toBe("a.yaml: is wrong. Mend it.")
  expect(said("is wrong; did you mean `b`?")).toBe("a.yaml: is wrong; did you mean `b`? Mend it.")
  expect(new Fault({ subject: "a.yaml", problem: "is wrong", remedy: "" }).message).toBe("a.yaml: is wrong.")
})

it("shows control characters of a name by escapes that can be read", () => {
  expect(printable("a\u001b]0;title\u0007\u009b\u007f.tif")).toBe("a\\x1b]0;title\\x07\\x9b\\x7f.tif")
  expect(printable("two\r\nlines\tand\u2028more\u2029")).toBe("two\\x0d\\x0alines\\x09and\\u2028more\\u2029")
  expect(printable("tif.\u202egnp\u2066\u2069\ud800")).toBe("tif.\\u202egnp\\u2066\\u2069\\ud800")
  expect(printable("Zürich 東京 مدينة 🛰️ e\u0301 a\\b")).toBe("Zürich 東京 مدينة 🛰️ e\u0301 a\\b")
})

/** Second implementation: by ranges of code points. */
const acts = (code: number): boolean =>
  code < 0x20 ||
  (code >= 0x7f && code < 0xa0) ||
  [0x61c, 0x200e, 0x200f, 0x2028, 0x2029].includes(code) ||
  (code >= 0x202a && code <= 0x202e) ||
  (code >= 0x2066 && code <= 0x2069) ||
  (code >= 0xd800 && code <= 0xdfff)

it("leaves nothing that acts on a terminal, and every other character as it was", () => {
  const character = fc.oneof(
    fc.integer({ min: 0, max: 0x10ffff }),
    fc.integer({ min: 0, max: 0xa0 }),
    fc.integer({ min: 0x2000, max: 0x206f })
  )
  fc.assert(
    fc.property(fc.array(character), (codes) => {
      const name = String.fromCodePoint(...codes)
      const out = printable(name)
      expect([...out].filter((one) => acts(one.codePointAt(0) ?? 0))).toEqual([])
      const kept = [...name].filter((one) => !acts(one.codePointAt(0) ?? 0)).join("")
      expect(out.replace(/\\(x[0-9a-f]{2}|u[0-9a-f]{4})/g, "")).toBe(kept.replace(/\\(x[0-9a-f]{2}|u[0-9a-f]{4})/g, ""))
    })
  )
})
