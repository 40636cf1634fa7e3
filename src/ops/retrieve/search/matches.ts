/** Results of a search, as JSON and as lines for a terminal. */
import { printable } from "../../../pipeline/words.ts"
import type { Ranking } from "../../elements.ts"
import { labelSimilarity } from "../../measure/relevance.ts"
import type { Similarity } from "../similarity.ts"
import type { Searched } from "./find.ts"

/** One image that was found. */
export interface Found {
  readonly name: string
  /** Similarity of the embeddings; for `l2` the negative distance. */
  readonly score: number
  /** 1 - Jaccard distance of its labels and the query's; null if the query's labels are not known. */
  readonly label_similarity: number | null
  readonly labels: ReadonlyArray<string>
  /** Further facts about the image, if any are known. */
  readonly facts?: Readonly<Record<string, string>>
}

/** The results of one query. */
export interface Matches {
  /** Labels are null if they are not known. */
  readonly query: { readonly name: string; readonly labels: ReadonlyArray<string> | null }
  readonly by: Similarity
  /** Number of images that were searched. */
  readonly searched: number
  readonly results: ReadonlyArray<Found>
}

/** The results of a ranking of one query, best first. */
export const matchesOf = (
  { from, gallery, order, scores }: Ranking,
  what: Pick<Searched, "by" | "images" | "labelled">
): Matches => {
  const { by, images: searched, labelled } = what
  const { classes, database, labels, names, queries } = gallery
  const vector = (image: number) => labels.subarray(image * classes.length, (image + 1) * classes.length)
  const named = (image: number) => classes.filter((_, c) => vector(image)[c] !== 0)
  const query = queries[from]
  const results = Array.from(order, (at, rank): Found => {
    const image = database[at]
    const label_similarity = labelled ? labelSimilarity(vector(query), vector(image)) : null
    const facts = gallery.facts?.[image]
    const found = { name: names[image], score: scores[rank], label_similarity, labels: named(image) }
    return facts === undefined || Object.keys(facts).length === 0 ? found : { ...found, facts }
  })
  return { query: { name: names[query], labels: labelled ? named(query) : null }, by, searched, results }
}

/** The results as lines for a terminal. */
export const matchLines = ({ by, query, results: found, searched }: Matches): ReadonlyArray<string> => {
  const results = found.map((one) => ({ ...one, name: printable(one.name), labels: one.labels.map(printable) }))
  const width = results.reduce((most, { name }) => Math.max(most, name.length), "name".length)
  const digits = String(results.length).length
  const title = by === "l2" ? "distance" : by
  const known = query.labels !== null
  const row = (rank: string, name: string, score: string, similarity: string, labels: string) => {
    const end = known ? `${similarity.padStart(6)}  ${labels}` : labels
    return `${rank.padStart(digits)}  ${name.padEnd(width)}  ${score.padStart(8)}  ${end}`.trimEnd()
  }
  return [
    "",
    `${results.length} of ${searched} images most similar to ${printable(query.name)}`,
    `(${query.labels === null ? "labels not known" : printable(query.labels.join("; ")) || "no label"})`,
    "",
    row("", "name", title, "labels", known ? "" : "labels"),
    ...results.map(({ label_similarity, labels, name, score }, i) =>
      row(
        `${i + 1}`,
        name,
        (by === "l2" ? -score : score).toFixed(4),
        label_similarity?.toFixed(2) ?? "",
        labels.join("; ")
      )
    ),
    "",
    ...(query.labels === null ? [] : ["`labels` is 1 minus the Jaccard distance of the label sets."])
  ]
}
