import { count, positive } from "../../../pipeline/definition.ts"
import { directions, similarities, toEmbeddings } from "./cosine.ts"
import { everyRow, numbers } from "./every-row.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { recallAnchors } from "./recall-anchors.ts"
import { type RelationChoice, related, relationParam } from "./relations.ts"
import { candidates } from "./selection.ts"

export interface RecallOptions {
  readonly relation?: RelationChoice
  /** The largest k; recalls at 1, 2, 4, ... up to it are averaged. */
  readonly k?: number
  /** Temperature of comparisons of similarities. */
  readonly temperature?: number
  /** Temperature of comparisons of ranks. */
  readonly rank_temperature?: number
}

/** 1, 2, 4, ... up to `most`. */
const powersUpTo = (most: number): ReadonlyArray<number> =>
  Array.from({ length: Math.floor(Math.log2(most)) + 1 }, (_, i) => 2 ** i)

/**
 * Recall@k surrogate (Patel et al., CVPR 2022): for an anchor with positives P, the mean over p in P of
 * G((k - r_p) / t2), where r_p = 1 + sum over z != p of G((s_z - s_p) / t1) is a smooth rank, s cosine similarities and G the
 * sigmoid. The loss is the mean over anchors with positives, and over k = 1, 2, 4, ..., of 1 - recall.
 *
 * @param input raw embeddings [rows, D], which are L2-normalised here
 * @example
 * const input = { values: Float32Array.of(1, 0, 1, 0.1, 0, 1), labels: Uint8Array.of(1, 0, 1, 0, 0, 1), rows: 3 }
 * recallSurrogate(input, { k: 1 }).value.toFixed(3) // => "0.500"
 */
export const recallSurrogate = (
  { labels, rows, team, values }: LossInput,
  { k = 16, rank_temperature: rankTemperature = 1, relation = "jaccard", temperature = 0.01 }: RecallOptions = {}
): LossValue => {
  const given = directions({ values, rows, team })
  const S = similarities(given)
  const [dS, recalls] = ["dS", "recalls"].map((name) => numbers(given.team, name, rows * rows))
  const liked = related(labels, rows, relation)
  const anchors = candidates(liked, "nowhere").filter(({ positives }) => positives.length > 0).length
  const found = { S, dS, relation: liked, recalls, anchors, ks: powersUpTo(k), temperature, rankTemperature }
  everyRow(given.team, recallAnchors, found, rows)
  // A batch without positives has no loss.
  const value = anchors === 0 ? 0 : 1 - recalls.reduce((sum, one) => sum + one, 0)
  return { value, gradient: toEmbeddings(dS, given), floor: Number.NaN }
}

/** The loss `recall_at_k`. */
export const recallAtK = defineLoss({
  name: "recall_at_k",
  title: "A smooth recall at 1, 2, 4, ..., averaged over anchors that have positives",
  source: "Patel et al., CVPR 2022",
  on: "embeddings",
  params: {
    relation: relationParam("jaccard"),
    k: count("Largest k; recalls at 1, 2, 4, ... up to it are averaged.", 16),
    temperature: positive("Temperature of comparisons of similarities.", 0.01),
    rank_temperature: positive("Temperature of comparisons of ranks.", 1)
  },
  loss: (own) => (input) => recallSurrogate(input, own)
})
