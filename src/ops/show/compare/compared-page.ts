/** A comparison of runs as a page that needs no network. */
import type { ComparedFigure, Comparison } from "../../elements.ts"
import { figure } from "../../measure/figure-text.ts"
import { breakable, escapeText, htmlDocument, scrolling } from "../html.ts"
import { comparisonNotes, isSignificant, pText, runNames, signed } from "./compared.ts"

type Difference = ComparedFigure["differences"][number]

const pValue = (p: number): string => `p ${pText(p).startsWith("<") ? "" : "= "}${pText(p)}`

/** `best` for a significant gain, `worse` for a significant loss. All measures are better if they are higher. */
const verdict = (one: Difference): "best" | "worse" | "" =>
  one === null || !isSignificant(one) ? "" : one.mean > 0 ? "best" : "worse"

const MARKS = { best: " ▲", worse: " ▼", "": "" } as const

/** One run's mean with, below it, the difference from the first run, its interval and its p-value. */
const cell = (mean: number | null, one: Difference): string => {
  const kind = verdict(one)
  const below =
    one === null
      ? ""
      : [
          `<small>${signed(one.mean)}${MARKS[kind]}</small>`,
          `<small>${signed(one.low)} to ${signed(one.high)}</small>`,
          `<small>${escapeText(pValue(one.p))}, n = ${one.queries}</small>`
        ].join("")
  return `<td class="pair${kind === "" ? "" : ` ${kind}`}"><span class="mean">${figure(mean)}</span>${below}</td>`
}

const line = ({ differences, means, name }: ComparedFigure): string => {
  const cells = means.map((mean, run) => cell(mean, run === 0 ? null : differences[run - 1]))
  return `<tr class="first last"><th scope="row">${escapeText(name)}</th>${cells.join("")}</tr>`
}

const KEY =
  '<p class="soft">Below each figure: the difference from the first run, its 95 % interval, the p-value and the number of queries (n). <b>▲</b> and green mark a significant gain, <b>▼</b> and red a significant loss.</p>'

/** Most runs for which a page of the usual width has room. */
const MOST = 4

/** The page: one row per figure and one column per run, the first of which the others are compared with. */
export const comparisonPage = (experiment: string, comparison: Comparison): string => {
  const { figures } = comparison
  const runs = runNames(comparison)
  const heads = runs.map(
    (run, i) => `<th scope="col"><span>${breakable(run)}${i === 0 ? " (baseline)" : ""}</span></th>`
  )
  const table = `<table class="compared"><thead><tr><td></td>${heads.join("")}</tr></thead><tbody>
${figures.map(line).join("\n")}
</tbody></table>`
  const notes = comparisonNotes(comparison).map((note) => `<li>${escapeText(note)}</li>`)
  return htmlDocument({
    title: `${experiment} · comparison`,
    kind: "Comparison of runs",
    heading: experiment,
    facts: runs.map(escapeText).join(" · "),
    body: [
      "<h2>Figures and differences</h2>",
      KEY,
      scrolling("Figures of each run, and differences from the first", table),
      `<h2>Notes</h2><ul class="notes">${notes.join("")}</ul>`
    ].join("\n"),
    rules: runs.length > MOST ? "main { max-width: 78rem; }" : ""
  })
}
