/** A comparison of groups of runs as a page that needs no network: a dot for every run, and a table. */
import type { ComparedFigure, Comparison } from "../../elements.ts"
import { figure } from "../../measure/figure-text.ts"
import { spread } from "../../measure/grouped.ts"
import { breakable, escapeText, htmlDocument } from "../html.ts"
import { axis } from "../report/scale.ts"
import { isSignificant, runNames, signed } from "./compared.ts"
import { groupsNotes, pValue, spreadText } from "./groups-text.ts"

const RULES = `
td.up span { background: var(--wash); color: var(--accent); font-weight: 700; }
td.down span { background: var(--badwash); color: var(--bad); font-weight: 700; }
.dots { display: block; width: 100%; height: auto; font-size: 13px; }
.groups th, .groups td { white-space: normal; }
.groups th.part { overflow-wrap: anywhere; }
.groups .figure th { padding-top: .9rem; }
.groups small { white-space: nowrap; }
.groups thead th { text-align: right; } .groups thead th:first-child { text-align: left; } .groups thead th span { padding: 0; }
.groups .even { white-space: nowrap; }
@media (max-width: 40rem) {
  .groups th, .groups td { padding: .3rem .15rem; font-size: .82rem; }
  .groups th.part { min-width: 5rem; } .groups .even { white-space: normal; } .groups small { display: block; }
}
.dots text { fill: var(--soft); font-family: inherit; }
.dots .name { fill: var(--ink); }
.dots circle { fill: var(--c1); opacity: .65; }
.dots .mean { stroke: var(--ink); stroke-width: 2.5; }
@media print { * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`

const WIDTH = 460
const ROW = 30
const RIGHT = 18
/** Width of a character of a name, roughly. */
const CHARACTER = 7.2

const shortened = (name: string): string => (name.length > 24 ? `…${name.slice(-23)}` : name)

/** One row per group: a dot for each run, and a bar at their mean. */
const dotPlot = ({ name, values = [] }: ComparedFigure, names: ReadonlyArray<string>): string => {
  const known = values.flat().filter((value) => value !== null)
  const { format, high, low, ticks } = axis(known, 5)
  const left = 14 + CHARACTER * Math.max(...names.map((group) => shortened(group).length))
  const x = (value: number) => (left + ((value - low) / (high - low)) * (WIDTH - left - RIGHT)).toFixed(1)
  const bottom = names.length * ROW + 8
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="4" y2="${bottom}"/><text x="${x(tick)}" y="${bottom + 16}" text-anchor="middle">${format(tick)}</text>`
  )
  const rows = names.map((group, g) => {
    const y = g * ROW + ROW / 2 + 4
    const dots = (values[g] ?? []).flatMap((value) =>
      value === null ? [] : [`<circle cx="${x(value)}" cy="${y}" r="5"><title>${figure(value)}</title></circle>`]
    )
    const { mean } = spread(values[g] ?? [])
    const bar =
      mean === null ? "" : `<line class="mean" x1="${x(mean)}" x2="${x(mean)}" y1="${y - 10}" y2="${y + 10}"/>`
    return `<text class="name" x="0" y="${y + 4}">${escapeText(shortened(group))}</text>${dots.join("")}${bar}`
  })
  const said = names.map((group, g) => `${group}: ${(values[g] ?? []).map(figure).join(", ")}`).join("; ")
  return `<figure class="card"><figcaption>${escapeText(name)}</figcaption>
<svg class="dots" viewBox="0 0 ${WIDTH} ${bottom + 22}" role="img" aria-label="${escapeText(`${name}. ${said}`)}">${grid.join("")}${rows.join("")}</svg></figure>`
}

type Difference = ComparedFigure["differences"][number]

const differenceCells = (one: Difference | undefined): string => {
  if (one === undefined) return "<td></td><td></td>"
  if (one === null) return "<td><span>–</span></td><td></td>"
  const look = isSignificant(one) ? ` class="${one.mean > 0 ? "up" : "down"}"` : ""
  return `<td${look}><span>${signed(one.mean)} <small>${signed(one.low)} to ${signed(one.high)}</small></span></td><td>${escapeText(pValue(one))}</td>`
}

const COLUMNS = 4

/** A heading with the name of the figure, then a row per group. */
const rowsOf = ({ differences, name, values = [] }: ComparedFigure, names: ReadonlyArray<string>): string => {
  const heading = `<tr class="first figure"><th scope="rowgroup" colspan="${COLUMNS}">${escapeText(name)}</th></tr>`
  const rows = names.map(
    (group, g) =>
      `<tr${g === names.length - 1 ? ' class="last"' : ""}><th scope="row" class="part">${breakable(group)}</th><td class="even">${escapeText(spreadText(values[g]))}</td>${differenceCells(g === 0 ? undefined : differences[g - 1])}</tr>`
  )
  return [heading, ...rows].join("\n")
}

export const groupsPage = (experiment: string, comparison: Comparison): string => {
  const names = runNames(comparison)
  const heads = ["group", "mean ± deviation", "difference", "p"]
  const table = `<div class="card scroll" tabindex="0" role="region" aria-label="Figures and differences"><table class="groups"><thead><tr>${heads.map((head) => `<th scope="col"><span>${escapeText(head)}</span></th>`).join("")}</tr></thead><tbody>
${comparison.figures.map((one) => rowsOf(one, names)).join("\n")}
</tbody></table></div>`
  const notes = groupsNotes(comparison, "Coloured differences have").map((note) => `<li>${escapeText(note)}</li>`)
  return htmlDocument({
    title: `${experiment} · comparison`,
    kind: "Comparison of groups of runs",
    heading: experiment,
    facts: names.map(escapeText).join(" · "),
    rules: RULES,
    body: [
      "<h2>Every run</h2>",
      `<div class="plots">${comparison.figures.map((one) => dotPlot(one, names)).join("\n")}</div>`,
      "<h2>Figures and differences</h2>",
      table,
      `<h2>Notes</h2><ul class="notes">${notes.join("")}</ul>`
    ].join("\n")
  })
}
