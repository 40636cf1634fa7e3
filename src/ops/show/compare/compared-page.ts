/** A comparison of runs as a page that needs no network. */
import type { ComparedFigure, Comparison } from "../../elements.ts"
import { escapeText, htmlDocument } from "../html.ts"
import { figure } from "../table.ts"
import { comparisonNotes, runNames, signed, stands } from "./compared.ts"

type Difference = ComparedFigure["differences"][number]

const difference = (one: Difference): string => {
  if (one === null) return "<td><span>–</span></td>"
  const text = `${signed(one.mean)} <small>${signed(one.low)} to ${signed(one.high)}</small>`
  return `<td${stands(one) ? ' class="best"' : ""}><span title="p = ${one.p.toFixed(3)}, ${one.queries} queries">${text}</span></td>`
}

const line = ({ differences, means, name }: ComparedFigure): string =>
  `<tr class="first last"><th scope="row">${escapeText(name)}</th>${means.map((mean) => `<td><span>${figure(mean)}</span></td>`).join("")}${differences.map(difference).join("")}</tr>`

export const comparisonPage = (experiment: string, comparison: Comparison): string => {
  const { figures } = comparison
  const runs = runNames(comparison)
  const [first, ...others] = runs.map(escapeText)
  const heads = [first, ...others, ...others.map((run) => `${run} − ${first}`)]
  const table = `<div class="card scroll"><table><thead><tr><td></td>${heads.map((head) => `<th scope="col"><span>${head}</span></th>`).join("")}</tr></thead><tbody>
${figures.map(line).join("\n")}
</tbody></table></div>`
  const notes = comparisonNotes(comparison).map((note) => `<li>${escapeText(note)}</li>`)
  return htmlDocument({
    title: `${experiment} · comparison`,
    kind: "Comparison of runs",
    heading: experiment,
    facts: runs.map(escapeText).join(" · "),
    body: ["<h2>Figures and differences</h2>", table, `<h2>Notes</h2><ul class="notes">${notes.join("")}</ul>`].join(
      "\n"
    )
  })
}
