/**
 * Ranks images in the browser. Bundle it into the one file that the page loads, then open index.html, from disk or from any
 * server:
 *
 *   npx esbuild docs/examples/3-ranking-in-the-browser/ranking.ts --bundle --minify --format=iife --outfile=docs/examples/3-ranking-in-the-browser/ranking.js
 */
// In a project of your own: from "orbitrank/search"
import { rank } from "../../../src/search.ts"

/** Browser functions that this program uses. */
interface Element {
  textContent: string | null
  onclick: (() => void) | null
  readonly append: (...children: ReadonlyArray<Element>) => void
  readonly replaceChildren: (...children: ReadonlyArray<Element>) => void
}
declare const document: {
  readonly getElementById: (id: string) => Element
  readonly createElement: (tag: string) => Element
}

interface Archive {
  readonly names: ReadonlyArray<string>
  readonly dim: number
  readonly vectors: ReadonlyArray<number>
}

const archive: Archive = JSON.parse(document.getElementById("archive").textContent ?? "")
const vectors = Float32Array.from(archive.vectors)
const { dim, names } = archive

const element = (tag: string, text: string): Element =>
  Object.assign(document.createElement(tag), { textContent: text })

const show = (query: number): void => {
  const { order, scores } = rank(vectors.subarray(query * dim, (query + 1) * dim), vectors, { dim, top: 4 })
  // The query itself is the first result.
  const results = [...order].slice(1).map((row, i) => element("li", `${names[row]} (${scores[i + 1].toFixed(3)})`))
  document.getElementById("query").textContent = names[query]
  document.getElementById("results").replaceChildren(...results)
}

names.forEach((name, row) => {
  const button = element("button", name)
  button.onclick = () => show(row)
  document.getElementById("images").append(button)
})
