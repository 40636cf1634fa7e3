import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Results } from "../../../src/ops/elements.ts"
import { parsePerQuery } from "../../../src/ops/measure/per-query.ts"
import { reportCsv } from "../../../src/ops/measure/report-value.ts"
import { compare, MARKED, markNote, type NamedReport } from "../../../src/ops/show/comparison.ts"
import { curvePlots, numberRows } from "../../../src/ops/show/report/curve.ts"
import { pageTable } from "../../../src/ops/show/report/page-table.ts"
import { linePlot } from "../../../src/ops/show/report/plot.ts"
import { axis } from "../../../src/ops/show/report/scale.ts"
import { textTable, wrapped } from "../../../src/ops/show/table.ts"

const named = (name: string, results: Results): NamedReport => ({
  name,
  report: { queries: 4, counted: 3, database: 16, results, notes: ["The rule."] }
})
const before = named("untrained", { mAP: { easy: 0.25, hard: 0.5 }, "ACG@20": 1, "nDCG@20": null })
const after = named("trained", { mAP: { easy: 0.75, hard: 0.5 }, "ACG@20": 0.5, "nDCG@20": 0.25, extra: 1 })

describe("a comparison", () => {
  it("has every figure once, null where one is missing, and marks the single best", () => {
    const none = [null, null]
    expect(compare([before, after])).toEqual([
      { measure: "mAP", part: "easy", values: [0.25, 0.75], intervals: none, best: 1 },
      { measure: "mAP", part: "hard", values: [0.5, 0.5], intervals: none, best: undefined },
      { measure: "ACG", part: "@20", values: [1, 0.5], intervals: none, best: 0 },
      { measure: "nDCG", part: "@20", values: [null, 0.25], intervals: none, best: undefined },
      { measure: "extra", part: "", values: [null, 1], intervals: none, best: undefined }
    ])
    expect(compare([after]).every(({ best }) => best === undefined)).toBe(true)
  })
})

describe("intervals of the bootstrap", () => {
  const sure = named("sure", {
    mAP: { easy: 0.4567, hard: 0.25 },
    "ACG@20": 1.5,
    "mAP 95% low": { easy: 0.4471, hard: null },
    "ACG@20 95% low": 1.25,
    "mAP 95% high": { easy: 0.4669, hard: null },
    "ACG@20 95% high": 1.75
  })

  it("stand in the cell of their figure, and add no rows", () => {
    expect(textTable([sure, before])).toEqual([
      "                           sure              untrained",
      "mAP  easy  0.457 [0.447, 0.467]*                0.2500",
      "     hard                0.2500                 0.5000*",
      "ACG  @20   1.500 [1.250, 1.750]*                1.0000",
      "nDCG @20                      -                      -"
    ])
    const html = pageTable([sure])
    expect(html).toContain("<td><span>0.4567</span> <small>[0.447, 0.467]</small></td>")
    expect(html).not.toContain("95%")
  })
})

describe("figures that use database labels", () => {
  const ja: NamedReport = { name: "ja", report: { ...after.report, usesDatabaseLabels: true } }

  it("are marked in tables, with what the mark means below, and are never the best", () => {
    const low = named("plain", { mAP: { easy: 0.5, hard: 0.25 } })
    expect(compare([before, low, ja]).map(({ best }) => best)).toEqual([1, 0, undefined, undefined, undefined])
    expect(textTable([before, ja])[0]).toMatch(/ untrained +ja †$/)
    expect(markNote([before, ja])).toEqual([MARKED])
    expect(markNote([before, after])).toEqual([])
    const html = pageTable([before, ja])
    expect(html).toContain("ja <abbr title=")
    expect(html).toContain("† ranked with the labels of the database")
    expect(html).not.toContain('class="best"')
    expect(pageTable([before, after])).not.toContain("†")
  })

  it("say so in tables of numbers", () => {
    expect(reportCsv(ja.report)).toMatch(/\nuses database labels,,1\n$/)
    expect(reportCsv(after.report)).not.toContain("uses database labels")
    const { columns, usesDatabaseLabels } = parsePerQuery(
      "a",
      "query,counted,ACG@20,thresholds,uses database labels\nq,1,2,t,1\n"
    )
    expect([[...columns.keys()], usesDatabaseLabels]).toEqual([["ACG@20"], true])
    expect(parsePerQuery("a", "query,counted,ACG@20,thresholds\nq,1,2,t\n").usesDatabaseLabels).toBe(false)
  })
})

describe("a table in text", () => {
  it("shortens parts that are whole sentences, such as names of classes", () => {
    const part = "Land principally occupied by agriculture, with significant areas of natural vegetation"
    const lines = textTable([named("one", { "class mAP": { [part]: 0.5 } })])
    expect(lines[1]).toBe("class mAP Land principally occupied b…    0.5000")
  })

  it("is aligned, with the best marked", () => {
    expect(textTable([before, after])).toEqual([
      "            untrained     trained",
      "mAP   easy     0.2500      0.7500*",
      "      hard     0.5000      0.5000",
      "ACG   @20      1.0000*     0.5000",
      "nDCG  @20           -      0.2500",
      "extra               -      1.0000"
    ])
  })

  it("stays within 80 characters for up to five reports, whatever their names", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 100, unit: "grapheme-ascii" }), { minLength: 1, maxLength: 5 }),
        (names) => {
          const results = { "precision@10": { medium: 0.123456 }, "nDCG@100": 0.5 }
          const lines = textTable(names.map((name) => named(name, results)))
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
          expect(new Set(lines.slice(1).map((line) => line.indexOf(".") >= 0)).size).toBe(1)
        }
      )
    )
  })

  it("breaks long sentences between words", () => {
    const text = `${"word ".repeat(40)}end`
    expect(wrapped(text).join(" ")).toBe(text)
    for (const line of wrapped(text)) expect(line.length).toBeLessThanOrEqual(80)
  })
})

describe("an axis", () => {
  it("holds its values between round numbers, in even steps", () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(fc.array(value, { maxLength: 20 }), fc.boolean(), (values, whole) => {
        const { format, high, low, ticks } = axis(values, 5, whole)
        expect(low).toBeLessThan(high)
        for (const v of values) {
          expect(v).toBeGreaterThanOrEqual(low - (high - low) * 1e-6)
          expect(v).toBeLessThanOrEqual(high + (high - low) * 1e-6)
        }
        expect(ticks.length).toBeGreaterThan(1)
        expect(ticks.length).toBeLessThan(14)
        expect(new Set(ticks.map(format)).size).toBe(ticks.length)
        if (whole) for (const tick of ticks) expect(Number.isInteger(tick)).toBe(true)
      })
    )
  })
})

describe("the course of training", () => {
  const text = [
    "epoch,step,learning_rate,loss,floor,mAP.easy,mAP.hard,ACG@20",
    "1,1,0.002,0.99,0.8,,,",
    "1,2,0.002,0.97,0.9,0.3,0.1,1.5",
    "2,3,0.001,0.95,0.8,,,",
    "2,4,0.001,0.93,,0.4,0.2,1.6",
    ""
  ].join("\n")

  it("is read from the file, empty fields left out", () => {
    expect(numberRows(text)[3]).toEqual({
      epoch: 2,
      step: 4,
      learning_rate: 0.001,
      loss: 0.93,
      "mAP.easy": 0.4,
      "mAP.hard": 0.2,
      "ACG@20": 1.6
    })
  })

  it("gives the loss with its means and its floor, and validation by epoch", () => {
    const [loss, validation, ...more] = curvePlots(text)
    expect(more).toEqual([])
    expect(loss.series.map(({ points }) => points.map(([x, y]) => [x, Number(y.toFixed(6))]))).toEqual([
      [
        [1, 0.99],
        [2, 0.97],
        [3, 0.95],
        [4, 0.93]
      ],
      [
        [2, 0.98],
        [4, 0.94]
      ],
      [
        [1, 0.833333],
        [4, 0.833333]
      ]
    ])
    expect(loss.series[2].look).toBe("dashed")
    expect(validation.series.map(({ name, points }) => [name, points])).toEqual([
      [
        "easy",
        [
          [1, 0.3],
          [2, 0.4]
        ]
      ],
      [
        "hard",
        [
          [1, 0.1],
          [2, 0.2]
        ]
      ]
    ])
  })

  it("has no plot without figures, no floor where there is none, and few points for many steps", () => {
    expect(curvePlots("")).toEqual([])
    expect(curvePlots("epoch,step,loss\n1,1,0.5\n")[0].series[2].points).toEqual([])
    const long = Array.from({ length: 5000 }, (_, i) => `1,${i + 1},${1 / (i + 1)}`).join("\n")
    expect(curvePlots(`epoch,step,loss\n${long}\n`)[0].series[0].points.length).toBeLessThanOrEqual(400)
  })

  it("is drawn with its floor dashed and every text escaped, within its frame", () => {
    const [loss] = curvePlots(text)
    const svg = linePlot({ ...loss, x: "<b>steps & more" })
    expect(svg).toContain('class="line dashed c2"')
    expect(svg).toContain("&lt;b&gt;steps &amp; more")
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    for (const [, x, y] of svg.matchAll(/[ML]([\d.-]+) ([\d.-]+)/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(0)
      expect(Number(x)).toBeLessThanOrEqual(420)
      expect(Number(y)).toBeGreaterThanOrEqual(0)
      expect(Number(y)).toBeLessThanOrEqual(280)
    }
  })
})
