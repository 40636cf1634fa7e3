/** Files that the page offers: results, selections, corrected labels. */
import { csvRow } from "../../../formats/csv-rows.ts"
import { type Archive, classesOf } from "./archive.ts"
import { download } from "./dom.ts"
import type { Result } from "./results.ts"

/** Results as a table or as JSON, best first. */
export const exportResults = (archive: Archive, results: ReadonlyArray<Result>, form: "csv" | "json"): void => {
  const rows = results.map(({ image, rank, score, similarity }) => ({
    rank,
    name: archive.names[image],
    score: score ?? null,
    label_similarity: similarity ?? null,
    labels: classesOf(archive, archive.labels(image))
  }))
  if (form === "json") {
    download("results.json", "application/json", `${JSON.stringify(rows, null, 2)}\n`)
    return
  }
  const lines = rows.map(({ label_similarity, labels, name, rank, score }) => [
    rank,
    name,
    score ?? "",
    label_similarity ?? "",
    labels.join("; ")
  ])
  download(
    "results.csv",
    "text/csv",
    [["rank", "name", "score", "label_similarity", "labels"], ...lines].map(csvRow).join("")
  )
}

/** Labels of images in the form of `labels.csv`, which `archive: { kind: folder }` reads. */
export const exportLabels = (archive: Archive, images: Iterable<number>): void => {
  const rows = Array.from(images, (image) => [archive.names[image], ...archive.labels(image)])
  download("labels.csv", "text/csv", [["image", ...archive.contents.classes], ...rows].map(csvRow).join(""))
}
