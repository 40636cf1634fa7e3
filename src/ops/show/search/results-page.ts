/** The page of a search: one HTML file that needs no network. */
import { counted } from "../../../pipeline/words.ts"
import { factLines } from "../fact-lines.ts"
import { escapeText, htmlDocument, scrolling } from "../html.ts"
import type { PageStrips } from "../report/page-pictures.ts"
import { pageStrips, pictureStyle, scoreText } from "../report/page-strips.ts"
import { toolsScript } from "../report/page-tools.ts"
import type { ShownResult, StripContent } from "../strips/strip.ts"

const row = ({ facts, labels, name, score, similarity }: ShownResult, i: number, known: boolean): string =>
  [
    `<tr><th scope="row">#${i + 1} ${escapeText(name)}</th>`,
    `<td>${scoreText(score)}</td><td>${similarity === null ? "–" : similarity.toFixed(2)}</td>`,
    `<td class="text">${escapeText(labels.join("; "))}</td>`,
    known ? `<td class="text">${factLines(facts).map(escapeText).join("<br>")}</td>` : "",
    "</tr>"
  ].join("")

/** The results of one query as a table, for searches without pictures. */
const table = ({ query, results, row: number }: StripContent): string => {
  const known = results.some(({ facts }) => facts !== undefined)
  const about = [query.labels.join("; "), ...factLines(query.facts)].filter((text) => text !== "")
  return [
    `<h2>Query ${number + 1}: ${escapeText(query.name)}</h2>`,
    about.length === 0 ? "" : `<p>${escapeText(about.join(" · "))}</p>`,
    scrolling(
      `Results of query ${number + 1}`,
      `<table><thead><tr><th scope="col">image</th><th scope="col">score</th><th scope="col">label similarity</th><th scope="col" class="text">labels</th>${known ? '<th scope="col" class="text">facts</th>' : ""}</tr></thead><tbody>${results.map((one, i) => row(one, i, known)).join("")}</tbody></table>`
    )
  ].join("\n")
}

const own = `
td.text, th.text, thead th:first-child { text-align: left; }
td.text { white-space: normal; min-width: 14rem; }
@media (max-width: 44rem) {
  thead th { white-space: normal; }
  tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 6rem; }
  td.text { min-width: 8rem; }
}
`

/**
 * The whole document.
 *
 * @param contents the results of each query
 * @param shown the same results with pictures; without strips, the page has tables
 */
export const resultsPage = (
  experiment: string,
  contents: ReadonlyArray<StripContent>,
  { pictures, strips }: PageStrips
): string => {
  const found = contents.reduce((sum, { results }) => sum + results.length, 0)
  return htmlDocument({
    title: `${experiment} · search results`,
    kind: "Search results",
    heading: contents.length === 1 ? contents[0].query.name : experiment,
    facts: `${counted(contents.length, "query", "queries")}, ${counted(found, "result")}`,
    body: strips.length > 0 ? pageStrips(strips, "Results") : contents.map(table).join("\n"),
    rules: own + pictureStyle(pictures),
    scripts: strips.length > 0 ? toolsScript : ""
  })
}
