import { count, positive } from "../../../pipeline/definition.ts"
import { directions, similarities, toEmbeddings } from "./cosine.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"
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

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** 1, 2, 4, ... up to `most`. */
const powersUpTo = (most: number): ReadonlyArray<number> =>
  Array.from({ length: Math.floor(Math.log2(most)) + 1 }, (_, i) => 2 ** i)

/** The mean over ks of a smooth "rank is at most k", and its derivative. */
const smoothRecall = (rank: number, ks: ReadonlyArray<number>, temperature: number) => {
  let [value, slope] = [0, 0]
  for (const k of ks) {
    const g = sigmoid((k - rank) / temperature)
    value += g / ks.length
    slope -= (g * (1 - g)) / temperature / ks.length
  }
  return { value, slope }
}

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
  { labels, rows, values }: LossInput,
  { k = 16, rank_temperature = 1, relation = "jaccard", temperature = 0.01 }: RecallOptions = {}
): LossValue => {
  const given = directions(values, rows)
  const S = similarities(given)
  const dS = new Float64Array(rows * rows)
  const anchors = candidates(related(labels, rows, relation), "nowhere").filter(({ positives }) => positives.length > 0)
  const ks = powersUpTo(k)
  let recall = 0
  for (const { anchor, negatives, positives } of anchors) {
    const all = [...positives, ...negatives]
    const at = (i: number) => anchor * rows + i
    const share = 1 / (anchors.length * positives.length)
    for (const p of positives) {
      const steps = all.map((z) => (z === p ? 0 : sigmoid((S[at(z)] - S[at(p)]) / temperature)))
      const { slope, value } = smoothRecall(1 + steps.reduce((sum, g) => sum + g, 0), ks, rank_temperature)
      recall += share * value
      steps.forEach((g, i) => {
        const moved = (share * slope * g * (1 - g)) / temperature
        dS[at(all[i])] -= moved
        dS[at(p)] += moved
      })
    }
  }
  // A batch without positives has no loss.
  const value = anchors.length === 0 ? 0 : 1 - recall
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
