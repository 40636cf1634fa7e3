/** Text from data on pages: markup and control characters are shown, not obeyed. */
import fc from "fast-check"
import { expect, it } from "vitest"
import { matchLines } from "../../../src/ops/retrieve/search/matches.ts"
import { escapeText, htmlDocument } from "../../../src/ops/show/html.ts"
import { textTable } from "../../../src/ops/show/table.ts"

const EVIL = "a\u001b]0;owned\u0007\u202e<script>"

it("keeps line ends and ordinary characters, and leaves no markup or control character", () => {
  expect(escapeText(EVIL)).toBe("a\\x1b]0;owned\\x07\\u202e&lt;script&gt;")
  expect(escapeText("two\nlines")).toBe("two\nlines")
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(/[<>"'\p{Cc}\p{Bidi_Control}]/u.test(escapeText(text).replaceAll("\n", ""))).toBe(false)
    })
  )
})

it("escapes the title and the heading of a document, which fetches nothing", () => {
  const html = htmlDocument({ title: EVIL, kind: EVIL, heading: EVIL, facts: "", body: "<h2>Body</h2>" })
  expect(html).not.toContain("<script>")
  expect(html).toContain("default-src 'none'")
  expect(html).toContain("<h2>Body</h2>")
})

it("shows control characters of names in tables by escapes, in columns that still line up", () => {
  const report = { queries: 1, counted: 1, database: 1, results: { "class mAP": { [EVIL]: 0.5, b: 0.25 } }, notes: [] }
  const table = textTable([{ name: EVIL, report }])
  const found = {
    query: { name: EVIL, labels: [EVIL] },
    by: "cosine" as const,
    searched: 2,
    results: [{ name: EVIL, score: 1, label_similarity: 1, labels: [EVIL] }]
  }
  for (const line of [...table, ...matchLines(found)]) expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
  expect(table[1].indexOf("0.5000")).toBe(table[2].indexOf("0.2500"))
})
