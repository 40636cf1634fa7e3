/** The page of an audit: one HTML file that needs no network. */
import { counted, grouped } from "../../../pipeline/words.ts"
import { countedText } from "../../data/archives/shared/findings.ts"
import type { Audit, Finding } from "../../elements.ts"
import { escapeText, htmlDocument, scrolling, withCode } from "../html.ts"
import { verdict } from "./audit-text.ts"

type Counts = Readonly<Record<string, number>>

const WIDTH = 420
const HEIGHT = 200
const BOX = { left: 8, right: 8, top: 18, bottom: 26 }

/** Vertical bars, each with its value above and its name below. */
const columnPlot = (title: string, counts: Counts): string => {
  const entries = Object.entries(counts)
  const most = Math.max(1, ...entries.map(([, n]) => n))
  const step = (WIDTH - BOX.left - BOX.right) / Math.max(1, entries.length)
  const room = HEIGHT - BOX.top - BOX.bottom
  const bars = entries.map(([name, n], i) => {
    const height = (room * n) / most
    const middle = BOX.left + (i + 0.5) * step
    const top = HEIGHT - BOX.bottom - height
    return [
      `<rect class="column" x="${(middle - 0.36 * step).toFixed(1)}" y="${top.toFixed(1)}" width="${(0.72 * step).toFixed(1)}" height="${height.toFixed(1)}"/>`,
      `<text class="tick" x="${middle.toFixed(1)}" y="${(top - 5).toFixed(1)}" text-anchor="middle">${grouped(n)}</text>`,
      `<text class="tick" x="${middle.toFixed(1)}" y="${HEIGHT - 9}" text-anchor="middle">${escapeText(name)}</text>`
    ].join("")
  })
  return `<figure class="card"><figcaption>${escapeText(title)}</figcaption><svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(title)}">${bars.join("")}</svg></figure>`
}

/** Horizontal bars, for names that are too long for columns. */
const rowPlot = (title: string, counts: Counts): string => {
  const most = Math.max(1, ...Object.values(counts))
  const rows = Object.entries(counts).map(
    ([name, n]) =>
      `<li><span>${escapeText(name)}</span><div class="bar"><i style="width:${((100 * n) / most).toFixed(1)}%"></i></div><b>${grouped(n)}</b></li>`
  )
  return `<figure class="card"><figcaption>${escapeText(title)}</figcaption><ul class="rows">${rows.join("")}</ul></figure>`
}

/** Number of characters that fit below the columns, approximately. */
const ROOM = 60

const barPlot = (title: string, counts: Counts): string => {
  const names = Object.keys(counts)
  const longest = Math.max(0, ...names.map((name) => name.length))
  return longest * names.length > ROOM ? rowPlot(title, counts) : columnPlot(title, counts)
}

const onlyEntry = (counts: Counts): string =>
  Object.entries(counts)
    .map(([name, n]) => (name === "all" ? grouped(n) : `all ${grouped(n)} under “${escapeText(name)}”`))
    .join("")

const plots = ({ countries, distinctSets, labelsPerPatch, splits }: Audit): string => {
  // The sets of the only split are the sets of all patches.
  const { all: sets } = distinctSets
  const ownSets = Object.keys(splits).length === 1 && sets !== undefined ? { all: sets } : distinctSets
  const all: ReadonlyArray<readonly [string, Counts]> = [
    ["Patches by their number of labels", labelsPerPatch],
    ["Patches by split", splits],
    ["Patches by country", countries],
    ["Distinct label sets", ownSets]
  ]
  const shown = all.filter(([, counts]) => Object.keys(counts).length > 0)
  // A single bar compares nothing: it becomes a sentence.
  const single = shown.filter(([, counts]) => Object.keys(counts).length === 1)
  const several = shown.filter(([, counts]) => Object.keys(counts).length > 1)
  return [
    ...single.map(([title, counts]) => `<p>${escapeText(title)}: ${onlyEntry(counts)}.</p>`),
    `<div class="plots">${several.map(([title, counts]) => barPlot(title, counts)).join("")}</div>`
  ].join("")
}

/** One row per class: its counts, and a bar that shows its share of the patches. */
const classTable = ({ classCounts, patches }: Audit, part: "splits" | "countries", parts: ReadonlyArray<string>) => {
  const head = `${["all", ...parts].map((name) => `<th scope="col">${escapeText(name)}</th>`).join("")}<td></td>`
  const rows = classCounts.map(({ name, total, ...counts }) => {
    const cells = [total, ...parts.map((key) => counts[part][key] ?? 0)].map((n) => `<td>${grouped(n)}</td>`).join("")
    const share = patches === 0 ? 0 : (100 * total) / patches
    return `<tr><th scope="row">${escapeText(name)}</th>${cells}<td class="share"><div class="bar"><i style="width:${share.toFixed(1)}%"></i></div></td></tr>`
  })
  return scrolling(
    `Classes by ${part === "splits" ? "split" : "country"}`,
    `<table class="counts"><thead><tr><td></td>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`
  )
}

const WORDS: Readonly<Record<Finding["severity"], string>> = { fail: "unusable", warn: "suspicious", note: "to know" }

const findingItem = (one: Finding): string => {
  const { count, examples, remedy, severity } = one
  return [
    `<li class="${severity}"><b>${WORDS[severity]}: ${escapeText(countedText(one))}.</b>`,
    `${withCode(remedy)}.`,
    `<span class="soft examples">${examples.map(escapeText).join(", ")}${count > examples.length ? ", …" : ""}</span></li>`
  ].join(" ")
}

const findings = ({ findings: all, pixels }: Audit): string =>
  [
    all.length === 0
      ? "<p>No problems were found.</p>"
      : `<ul class="notes findings">${all.map(findingItem).join("")}</ul>`,
    pixels ? "" : "<p>Pixels were not read, so damaged and duplicate images could not be found.</p>"
  ].join("")

const leak = ({ leak: table }: Audit): string => {
  if (table === undefined) return ""
  const columns = ["train", "val", "test", "none"]
  const rows = Object.entries(table).map(
    ([part, row]) =>
      `<tr><th scope="row">${escapeText(part)}</th>${columns.map((name) => `<td>${grouped(row[name] ?? 0)}</td>`).join("")}</tr>`
  )
  return `<h2>The same places in BigEarthNet v1</h2>${scrolling("Patches by their split here and in BigEarthNet v1", `<table><thead><tr><td>split here</td>${columns.map((name) => `<th scope="col">${name} of v1</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>`)}`
}

/** All differences from the published counts, folded away because the verdict names the first ones. */
const differences = ({ published }: Audit): string => {
  const all = published?.differences ?? []
  if (all.length === 0) return ""
  const items = all.map((one) => `<li>${escapeText(one)}</li>`).join("")
  return `<details><summary>Every difference (${all.length})</summary><ul>${items}</ul></details>`
}

const own = `
.column { fill: var(--c1); }
.counts thead th { white-space: normal; }
.counts tbody th { white-space: normal; width: 40%; min-width: 10rem; line-height: 1.3; }
.rows { margin: .6rem 0 0; padding: 0; list-style: none; font-size: .85rem; color: var(--soft); }
.rows li { display: grid; grid-template-columns: 7rem 1fr 4.5rem; gap: .6rem; align-items: center; }
.rows span { overflow-wrap: anywhere; }
.rows b { font-weight: 400; text-align: right; font-variant-numeric: tabular-nums; }
.rows .bar { height: 10px; margin: 0; }
details { margin-top: .75rem; }
summary { cursor: pointer; color: var(--soft); font-size: .9rem; }
details ul { columns: 2 18rem; font-size: .85rem; color: var(--soft); }
.share { min-width: 7rem; }
.share .bar { margin: 0; }
.findings li { margin-bottom: .6rem; }
.examples { display: block; overflow-wrap: anywhere; }
.findings li.fail b { color: var(--c2); }
.findings li.warn b { color: var(--c1); }
`

/** The name of the class list, unless it is the number of its classes. */
const listName = ({ classCounts, nomenclature }: Audit): string =>
  nomenclature === String(classCounts.length) ? "" : ` (${escapeText(nomenclature)})`

/** The whole document. Every text that comes from data is escaped. */
export const auditPage = (title: string, audit: Audit): string => {
  const { archive, classCounts, countries, patches, path, splits } = audit
  const names = Object.keys(countries)
  return htmlDocument({
    title: `${title} · audit`,
    kind: "Audit of an archive",
    heading: title,
    facts: `${escapeText(archive)}, ${counted(patches, "patch", "patches")}, ${counted(classCounts.length, "class", "classes")}${listName(audit)}<br>${escapeText(path)}`,
    body: [
      `<p class="rule">${escapeText(verdict(audit))}</p>`,
      differences(audit),
      "<h2>Findings</h2>",
      findings(audit),
      leak(audit),
      "<h2>Counts</h2>",
      plots(audit),
      `<h2>${Object.keys(splits).length === 1 ? "Classes" : "Classes by split"}</h2>`,
      classTable(audit, "splits", Object.keys(splits).length === 1 ? [] : Object.keys(splits)),
      names.length === 0 ? "" : `<h2>Classes by country</h2>${classTable(audit, "countries", names)}`
    ].join("\n"),
    rules: own
  })
}
