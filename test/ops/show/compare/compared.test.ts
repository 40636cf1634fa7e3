/** A comparison of runs as text and as a page. */
import { describe, expect, it } from "vitest"
import type { Comparison } from "../../../../src/ops/elements.ts"
import {
  comparedTable,
  comparisonNotes,
  differenceText,
  isSignificant
} from "../../../../src/ops/show/compare/compared.ts"
import { comparisonPage } from "../../../../src/ops/show/compare/compared-page.ts"

const better = { mean: 0.125, low: 0.0625, high: 0.1875, p: 0, queries: 40 }
const unsure = { mean: -0.0625, low: -0.125, high: 0.03125, p: 0.25, queries: 40 }
const comparison: Comparison = {
  kind: "comparison",
  runs: ["plain", "q<e>", "ja"],
  useDatabaseLabels: ["ja"],
  queries: 40,
  figures: [
    { name: "mAP hard", means: [0.25, 0.375, 0.1875], differences: [better, unsure] },
    { name: "ACG@20", means: [1, null, 0.5], differences: [null, unsure] }
  ],
  resamples: 1000
}
const alike: Comparison = { ...comparison, useDatabaseLabels: [] }

describe("a difference", () => {
  it("stands where its interval leaves 0 out, on either side, and does not where it ends there", () => {
    expect(isSignificant(better)).toBe(true)
    expect(isSignificant({ ...better, low: -0.2, high: -0.1 })).toBe(true)
    expect(isSignificant(unsure)).toBe(false)
    expect(isSignificant({ ...better, low: 0 })).toBe(false)
    expect(isSignificant({ ...better, mean: 0, low: 0, high: 0 })).toBe(false)
  })

  it("is said with its sign, its interval, and a mark where it stands", () => {
    expect(differenceText(better)).toBe("+0.1250 [+0.0625, +0.1875]*")
    expect(differenceText(unsure)).toBe("-0.0625 [-0.1250, +0.0313] ")
    expect(differenceText(null)).toBe("-")
  })
})

describe("a table of runs", () => {
  it("has a line a figure, means first, then what each run has more than the first", () => {
    expect(comparedTable(alike)).toEqual([
      "           plain    q<e>      ja                q<e> - plain                   ja - plain",
      "mAP hard  0.2500  0.3750  0.1875  +0.1250 [+0.0625, +0.1875]*  -0.0625 [-0.1250, +0.0313]",
      "ACG@20    1.0000       -  0.5000                            -  -0.0625 [-0.1250, +0.0313]"
    ])
  })

  it("marks runs that were ranked with the labels of the database, and says so below", () => {
    const [head] = comparedTable(comparison)
    expect(head).toContain("ja †")
    expect(head).toContain("ja † - plain")
    expect(comparisonNotes(comparison).at(-1)).toMatch(/^† ranked with the labels of the database/)
    expect(comparisonNotes(alike).join()).not.toContain("†")
  })

  it("says over how many queries and resamples, and what its marks do not say", () => {
    const [means, marks] = comparisonNotes(alike)
    expect(means).toContain("over 40 queries")
    expect(means).toContain("1000 paired resamples")
    expect(marks).toContain("not on training")
  })
})

describe("the page", () => {
  const html = comparisonPage("Trial <1>", comparison)

  it("escapes every text and needs no network", () => {
    expect(html).not.toContain("q<e>")
    expect(html).toContain("<span>q&lt;e&gt;</span>")
    expect(html).toContain("Trial &lt;1&gt;")
    expect(html).not.toMatch(/https?:|<script|<link|@import/)
  })

  it("marks what stands, says p and queries of each difference, and whose figures use database labels", () => {
    expect([...html.matchAll(/<td class="pair best">(.*?)<\/td>/g)].map(([, cell]) => cell)).toEqual([
      '<span class="mean">0.3750</span><small>+0.1250 ▲</small><small>+0.0625 to +0.1875</small><small>p &lt; 0.001, n = 40</small>'
    ])
    expect(html).toContain('<td class="pair"><span class="mean">-</span></td>')
    expect(html).toContain("<span>ja †</span>")
    expect(html).toContain("<li>† ranked with the labels of the database")
  })
})
