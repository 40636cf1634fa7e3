/** About the page: keys, how it searches, licences. */
import { GAMMA } from "../kit/query.ts"
import type { Archive } from "./archive.ts"
import { grouped, h } from "./dom.ts"

const KEYS: ReadonlyArray<readonly [string, string]> = [
  ["Arrows, Home, End", "move between pictures"],
  ["Enter", "find images like the picture"],
  ["+ and −", "add the picture to the examples, or to the examples to avoid"],
  ["x, Shift+x", "select the picture, or all up to it"],
  ["Ctrl+click, Shift+click", "the same with the mouse"],
  ["/", "filter by name"],
  ["Arrows, Enter, Space on a map", "move the cross, find images like the nearest one, start and end a rectangle"]
]

const LICENCES: ReadonlyArray<readonly [what: string, licence: string]> = [
  ["orbitrank", "MIT"],
  ["Outline of the land: Natural Earth (public domain), by world-atlas", "ISC"],
  ["UMAP when the page is made: umap-js", "MIT"]
]

const RUNTIME = ["Networks in ONNX files: ONNX Runtime Web", "MIT"] as const

const precision = ({ contents }: Archive): string => {
  const { coding, count, dim, recall } = contents
  const what = `${grouped(count)} vectors of ${dim} ${coding} values.`
  if (recall === undefined) return `${what} The ranking equals that of the operator search.`
  return `${what} Of the ten nearest images by float32, ${(100 * recall.share).toFixed(1)} % are among the ten nearest here, measured on ${grouped(recall.queries)} queries.`
}

const maps = ({ contents }: Archive): string => {
  if (contents.maps === undefined) return ""
  const { explained, fitted, kinds } = contents.maps
  const both = `The two axes of PCA hold ${(100 * explained).toFixed(0)} % of the variance.`
  if (!kinds.includes("umap")) return both
  return fitted === contents.count
    ? `${both} UMAP was fitted to all images.`
    : `${both} UMAP was fitted to ${grouped(fitted)} images; each of the others lies between its three nearest ones.`
}

const connections = ({ contents }: Archive): string => {
  if (contents.served === true) return "Searches are answered by the server that this page came from."
  return contents.tiles === undefined
    ? "Nothing leaves your computer: the page's own policy forbids every connection."
    : "The page loads tiles of the map of the Earth from a network, and contacts nobody else."
}

export const makeAbout = (archive: Archive): HTMLElement =>
  h(
    "div",
    { class: "understand" },
    h(
      "section",
      { class: "card figure" },
      h("h2", {}, "Keys"),
      h(
        "table",
        { class: "bars keyboard" },
        h("tbody", {}, ...KEYS.map(([key, text]) => h("tr", {}, h("th", { scope: "row" }, key), h("td", {}, text))))
      )
    ),
    h(
      "section",
      { class: "card figure" },
      h("h2", {}, "How it searches"),
      h(
        "p",
        {},
        "Images are ranked by the cosine of their embeddings with the query. Several examples are combined by Rocchio's formula without an original query:"
      ),
      h("p", { class: "formula" }, `q = mean(x / |x|, x in like) − ${GAMMA} mean(y / |y|, y in not like)`),
      h("p", {}, "The label similarity is 1 − the Jaccard distance of the label sets."),
      h("p", {}, precision(archive)),
      h("p", {}, maps(archive)),
      h("p", {}, connections(archive))
    ),
    h(
      "section",
      { class: "card figure" },
      h("h2", {}, "Licences"),
      h(
        "ul",
        {},
        ...[...LICENCES, ...(archive.contents.network === "onnx" ? [RUNTIME] : [])].map(([what, licence]) =>
          h("li", {}, `${what}: ${licence}`)
        )
      )
    )
  )
