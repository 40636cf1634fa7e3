/** The sentences that belong beside figures: what is relevant, who is left out, what is cut. */
import { chunksOf } from "./chunks.ts"
import { standardValuesOf } from "./columns.ts"
import type { Figures } from "./figures.ts"
import type { Prepared } from "./prepare.ts"
import { type Level, levels } from "./relevance.ts"
import { STANDARD } from "./standard.ts"

const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

const originalNotes = ({ deciding, plan }: Prepared, queries: number, counted: number): ReadonlyArray<string> => {
  const said = ["ACG, nDCG and wAP count the labels shared with the query, and are means over all queries."]
  if (plan.chunk !== undefined) {
    said.push(
      `As in the original, they, mAP and precision are means of the means of ${chunksOf(queries, plan.chunk).length} chunks of queries, which weigh alike.`
    )
  }
  if (counted < queries) {
    said.push(
      `${plural(queries - counted, "query has", "queries have")} no relevant image at ${deciding} and ${queries - counted === 1 ? "is" : "are"} left out of mAP and precision.`
    )
  }
  if (counted === 0) said.push("No query counts in mAP and precision, which are therefore undefined.")
  return said
}

/** What is relevant at each relation, and over how many queries its figures are means. */
const relationNotes = (prepared: Prepared, figures: ReadonlyArray<Figures>): ReadonlyArray<string> =>
  (prepared.standard?.relations ?? []).flatMap(({ name, rule }) => {
    const what = levels.includes(name as Level) ? [] : [`Relevant at \`${name}\` is a database image if ${rule}.`]
    const column = standardValuesOf(prepared).find((one) => one.part === name && one.name !== STANDARD["class-map"])
    if (column === undefined) return []
    const counting = figures.filter((one) => column.of(one) !== null).length
    return [
      ...what,
      `Standard figures at ${name} are means over the ${plural(counting, "query", "queries")} with such an image.`
    ]
  })

const standardNotes = (prepared: Prepared, figures: ReadonlyArray<Figures>): ReadonlyArray<string> => {
  const { metrics = [] } = prepared.standard ?? {}
  const said = [...relationNotes(prepared, figures)]
  if (metrics.includes("ndcg")) {
    said.push(
      "Ideal nDCG weighs the number of shared labels, against the best order of the whole database, over the queries that share a label with any image."
    )
  }
  if (metrics.includes("jaccard") || metrics.includes("jaccard-ndcg")) {
    said.push(
      "Label similarity is 1 - the Jaccard distance, its mean over the first results and all queries; Jaccard nDCG takes it as the gain, against the best order of the whole database, over the queries that are similar to any image."
    )
  }
  if (metrics.includes("class-map")) {
    said.push(
      "Class mAP is the mean plain AP of the queries that have the class, where the images that have it are relevant; (mean) is over classes."
    )
  }
  return said
}

/** All notes of a report. */
export const notesOf = (prepared: Prepared, figures: ReadonlyArray<Figures>): ReadonlyArray<string> => {
  const { gallery, plan } = prepared
  const size = gallery.database.length
  const depths = prepared.standard === undefined ? plan.at : prepared.standard.depths
  const cut = depths.filter((k) => k > size)
  const rule = levels.map((level) => `${plan.thresholds[level]} (${level})`).join(", ")
  const counted = figures.filter((one) => one.counted).length
  return [
    `Relevant is a database image whose Jaccard distance to the query's labels is at most ${rule}.`,
    ...(gallery.notes ?? []),
    ...(plan.original === false ? [] : originalNotes(prepared, figures.length, counted)),
    ...standardNotes(prepared, figures),
    ...(cut.length === 0
      ? []
      : [`Depth ${cut.join(", ")} is cut to ${size}: the database has ${plural(size, "image")}.`])
  ]
}
