/** Pages with made-up figures and pictures, written to a folder: what the tests in a browser open. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import sharp from "sharp"
import type { Audit, Comparison } from "../../src/ops/elements.ts"
import { auditPage } from "../../src/ops/show/audit/audit-page.ts"
import { comparisonPage } from "../../src/ops/show/compare/compared-page.ts"
import { groupsPage } from "../../src/ops/show/compare/groups-page.ts"
import type { NamedReport } from "../../src/ops/show/comparison.ts"
import { page } from "../../src/ops/show/report/page.ts"
import type { StripWithPictures } from "../../src/ops/show/report/page-pictures.ts"
import { resultsPage } from "../../src/ops/show/search/results-page.ts"

const CLASSES = [
  "Urban fabric",
  "Arable land",
  "Land principally occupied by agriculture, with significant areas of natural vegetation",
  "Broad-leaved forest",
  "Marine waters"
]
const PICTURES = 12

/** A picture of one saturated colour with a brighter square in its middle. */
const picture = async (i: number): Promise<Uint8Array> => {
  const side = 120
  const colour = [(53 * i) % 256, (97 * i + 80) % 256, (31 * i + 160) % 256]
  const data = new Uint8Array(side * side * 3)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const inside = Math.abs(x - side / 2) < 30 && Math.abs(y - side / 2) < 30
      data.set(inside ? colour.map((c) => Math.min(255, c + 90)) : colour, (y * side + x) * 3)
    }
  }
  return sharp(data, { raw: { width: side, height: side, channels: 3 } })
    .webp({ quality: 80 })
    .toBuffer()
}

const strip = (row: number): StripWithPictures => ({
  file: `${row}.png`,
  row,
  ap: row === 2 ? null : (row + 1) / 8,
  query: { name: `S2A_MSIL2A_20170613T101031_${row}_45`, labels: [CLASSES[row % 5], CLASSES[2]] },
  results: Array.from({ length: 10 }, (_, i) => ({
    name: `S2B_MSIL2A_20180421T114349_${row}_${i}`,
    labels: i % 3 === 0 ? [CLASSES[row % 5]] : [CLASSES[2], CLASSES[(row + i) % 5]],
    similarity: 1 / (1 + (i % 4)),
    score: 0.99 - i / 50
  })),
  pictures: Array.from({ length: 11 }, (_, i) => (row + i) % PICTURES)
})

const report = (name: string, base: number): NamedReport => ({
  name,
  report: {
    queries: 280,
    counted: 262,
    database: 1120,
    results: {
      mAP: { easy: base + 0.2, medium: base + 0.1, hard: base },
      "precision@10": { easy: base + 0.25, medium: base + 0.12, hard: base + 0.02 },
      ...Object.fromEntries([20, 40, 60, 80, 100].map((at) => [`nDCG@${at}`, base + 0.3 - at / 1000])),
      ...Object.fromEntries([20, 40, 60, 80, 100].map((at) => [`wAP@${at}`, base + 1 - at / 1000]))
    },
    notes: [
      "A database image is relevant if its Jaccard distance to the query's labels is at most 0.6 (easy), 0.4 (medium), 0.2 (hard).",
      `Figures of ${name}.`
    ]
  }
})

const runs = (count: number): Comparison => ({
  kind: "comparison",
  runs: Array.from({ length: count }, (_, i) => `outputs/experiment-${i}-oml`),
  useDatabaseLabels: [],
  queries: 280,
  resamples: 1000,
  figures: ["mAP.easy", "precision@10 medium", "nDCG@20", "wAP@100"].map((name, f) => ({
    name,
    means: Array.from({ length: count }, (_, i) => 0.5 + i / 50 - f / 20),
    differences: Array.from({ length: count - 1 }, (_, i) => {
      const mean = [0.05, -0.06, 0.001][i % 3]
      return { mean, low: mean - 0.02, high: mean + 0.02, p: i % 3 === 2 ? 0.61 : 0.0004, queries: 262 }
    })
  }))
})

/** Groups of runs that differ in their seed. */
const groups = (count: number): Comparison => {
  const compared = runs(count)
  return {
    ...compared,
    runs: Array.from({ length: count }, (_, i) => `metric_loss=loss-${i},pooling=avg`),
    figures: compared.figures.map((one) => ({
      ...one,
      values: one.means.map((mean) => [-0.01, 0, 0.01].map((by) => (mean ?? 0) + by))
    }))
  }
}

const audit: Audit = {
  kind: "audit",
  archive: "a folder of images",
  path: "/archives/mine",
  nomenclature: "own classes",
  patches: 2400,
  splits: { "no split": 2400 },
  countries: {},
  labelsPerPatch: { "1": 900, "2": 1000, "3": 500 },
  distinctSets: { all: 31, "no split": 31 },
  classCounts: CLASSES.map((name, i) => ({
    name,
    total: 300 + 400 * i,
    splits: { "no split": 300 + 400 * i },
    countries: {}
  })),
  findings: [
    { what: "images have NaN pixels", count: 7, examples: ["a", "b"], severity: "warn", remedy: "Set `nodata: nan`" }
  ],
  published: undefined,
  leak: undefined,
  pixels: true
}

/** Removes the pages. */
export const removePages = ({ folder }: { readonly folder: string }): void => rmSync(folder, { recursive: true })

/** Addresses of the pages on disk. */
export const samplePages = async () => {
  const folder = mkdtempSync(join(tmpdir(), "orbitrank-pages-"))
  const pictures = await Promise.all(Array.from({ length: PICTURES }, (_, i) => picture(i)))
  const write = (name: string, html: string): string => {
    const path = join(folder, `${name}.html`)
    writeFileSync(path, html)
    return pathToFileURL(path).href
  }
  const reportOf = (reports: ReadonlyArray<NamedReport>): string =>
    page({
      experiment: "quickstart",
      reports,
      plots: [
        {
          title: "Loss in training, by step",
          x: "training step",
          y: "loss",
          series: [
            {
              name: "each step",
              points: [
                [1, 0.9],
                [50, 0.5],
                [90, 0.4]
              ],
              colour: 1,
              look: "dots"
            }
          ]
        }
      ],
      strips: Array.from({ length: 8 }, (_, row) => strip(row)),
      pictures,
      leftOut: {},
      configuration: Array.from({ length: 60 }, (_, i) => `step-${i}: { parameter: ${i}, other: [a, b, c] }`).join("\n")
    })
  return {
    folder,
    report: write("report", reportOf([report("untrained", 0.1), report("trained", 0.5)])),
    wide: write(
      "wide",
      reportOf(["plain", "qe", "aqe", "dba", "k-reciprocal", "ja"].map((name, i) => report(name, 0.3 + i / 50)))
    ),
    compare: write("compare", comparisonPage("compare", runs(6))),
    groups: write("groups", groupsPage("sweep", groups(4))),
    audit: write("audit", auditPage("audit", audit)),
    search: write("search", resultsPage("search", [strip(0)], { strips: [strip(0)], pictures })),
    list: write("list", resultsPage("search", [strip(0)], { strips: [], pictures: [] }))
  }
}
