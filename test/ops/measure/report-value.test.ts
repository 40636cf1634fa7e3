import { describe, expect, it } from "vitest"
import type { Report } from "../../../src/ops/elements.ts"
import { makeReport, reportCsv } from "../../../src/ops/measure/report-value.ts"

const given = {
  queries: 3,
  counted: 2,
  database: 9,
  results: { mAP: { easy: 0.5, "jaccard 0.5, or so": null }, "ACG@20": 1.25, MRR: null },
  notes: ["a rule"]
}

describe("a report", () => {
  it("cannot be changed", () => {
    const report = makeReport(given) as { -readonly [K in keyof Report]: Report[K] }
    expect(report).toEqual({ kind: "report", ...given })
    expect(() => {
      report.queries = 4
    }).toThrow(TypeError)
    expect(() => Object.assign(report.results, { MRR: 1 })).toThrow(TypeError)
    expect(() => Object.assign(report.results.mAP as object, { easy: 1 })).toThrow(TypeError)
    expect(() => Object.assign(report.notes, ["another"])).toThrow(TypeError)
  })

  it("has no figure that is not a number, and counts no query twice", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => makeReport({ ...given, results: { "ACG@20": bad } })).toThrow(`report: ACG@20 is ${bad}. `)
      expect(() => makeReport({ ...given, results: { mAP: { hard: bad } } })).toThrow(`report: mAP hard is ${bad}. `)
    }
    expect(makeReport({ ...given, counted: 3 }).counted).toBe(3)
    expect(() => makeReport({ ...given, counted: 4 })).toThrow("report: 4 of 3 queries count. ")
  })

  it("is a table of three columns", () => {
    expect(reportCsv(given)).toBe('figure,part,value\nmAP,easy,0.5\nmAP,"jaccard 0.5, or so",\nACG@20,,1.25\nMRR,,\n')
  })
})
