/** The page of a preview: names, labels and epochs beside the pictures. */
import { counted } from "../../../pipeline/words.ts"
import { escapeText, htmlDocument, scrolling } from "../html.ts"

/** A cell of a preview and the patch that it shows, as in the list beside the picture. */
export interface PreviewedPatch {
  readonly row: number
  readonly column: number
  readonly patch: string
  /** From 1. */
  readonly epoch: number
  readonly labels: ReadonlyArray<string>
}

const own = `
main { max-width: 78rem; }
.preview img { display: block; width: 120px; height: 120px; border-radius: .3rem; }
.preview tbody th { white-space: normal; min-width: 8rem; overflow-wrap: anywhere; vertical-align: top; font-size: .85rem; }
.preview tbody th small { display: block; color: var(--soft); font-weight: 400; }
.preview td, .preview thead th { text-align: left; }
`

/** Values by row or by column, ascending and each once. */
const distinct = (values: ReadonlyArray<number>): ReadonlyArray<number> => [...new Set(values)].sort((a, b) => a - b)

/**
 * The whole document: a row per patch, a column per epoch.
 *
 * @param pictures WebP, in the order of `cells`
 */
export const previewPage = (
  experiment: string,
  cells: ReadonlyArray<PreviewedPatch>,
  pictures: ReadonlyArray<Uint8Array>
): string => {
  const at = (row: number, column: number) => cells.findIndex((cell) => cell.row === row && cell.column === column)
  const columns = distinct(cells.map(({ column }) => column))
  const rows = distinct(cells.map(({ row }) => row))
  const heads = columns.map((column) => {
    const epoch = cells.find((cell) => cell.column === column)?.epoch ?? column + 1
    return `<th scope="col">epoch ${epoch}</th>`
  })
  const lines = rows.map((row) => {
    const first = cells[cells.findIndex((cell) => cell.row === row)]
    const images = columns.map((column) => {
      const i = at(row, column)
      if (i < 0) return "<td></td>"
      const source = `data:image/webp;base64,${Buffer.from(pictures[i]).toString("base64")}`
      return `<td><img alt="${escapeText(`${cells[i].patch}, epoch ${cells[i].epoch}`)}" src="${source}"></td>`
    })
    const labels = escapeText(first.labels.join("; ")) || "no label"
    return `<tr><th scope="row">${escapeText(first.patch)}<small>${labels}</small></th>${images.join("")}</tr>`
  })
  const table = `<table class="preview"><thead><tr><td></td>${heads.join("")}</tr></thead><tbody>${lines.join("\n")}</tbody></table>`
  return htmlDocument({
    title: `${experiment} · preview`,
    kind: "Preview of patches",
    heading: experiment,
    facts: `${counted(rows.length, "patch", "patches")}, ${counted(columns.length, "epoch")}`,
    body: `<p>All pictures have the same contrast. Hatched areas are pixels without data.</p>${scrolling("Patches by epoch", table)}`,
    rules: own
  })
}
