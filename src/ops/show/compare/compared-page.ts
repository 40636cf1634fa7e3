/** A comparison of runs as a page that needs no network. */
import type { ComparedFigure, Comparison } from "../../elements.ts"
import { escapeText } from "../html.ts"
import { style } from "../style.ts"
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
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(experiment)} · comparison</title>
<style>${style}</style>
</head>
<body><main>
<header><p class="kind">Runs compared</p><h1>${escapeText(experiment)}</h1><p class="facts">${runs.map(escapeText).join(" · ")}</p></header>
<h2>Figures and differences</h2>
<div class="card scroll"><table><thead><tr><td></td>${heads.map((head) => `<th scope="col"><span>${head}</span></th>`).join("")}</tr></thead><tbody>
${figures.map(line).join("\n")}
</tbody></table></div>
<h2>Notes</h2><ul class="notes">${comparisonNotes(comparison)
    .map((note) => `<li>${escapeText(note)}</li>`)
    .join("")}</ul>
</main></body>
</html>
`
}
