/**
 * Ordered Multi-label Loss (Imbriaco et al., IEEE TGRS 2021): a smooth average precision (Brown et al., ECCV 2020) of
 * every class in the batch, divided by the batch's size instead of the class's.
 *
 * With S the cosine similarities of the batch and G(d) = 1 / (1 + exp(-d / t)):
 * R(q, a) = 1 + sum over b != a of G(S_qb - S_qa), over the whole batch; R_c(q, a) the same over the members of class c.
 * AP_c = sum over q, a in c of R_c / R / |c| / B. The loss is the mean of 1 - AP_c over classes of two members or more.
 *
 * The original cuts exponents at +-50, where G differs from 0 and 1 by 2e-22. Ranks are at least 1, so float64 cannot show the
 * difference, and exponents are not cut here.
 */
import { positive } from "../../../pipeline/definition.ts"
import { membersOf } from "./classes.ts"
import { directions, similarities, toEmbeddings } from "./cosine.ts"
import { defineLoss, type LossInput, type LossValue } from "./loss.ts"
import { everyPrecision, groupedAnchors } from "./precisions.ts"
import type { Group } from "./smooth-rank.ts"

export interface OrderedMultiLabelOptions {
  /** Temperature t: differences of similarity well above t count as an order. */
  readonly temperature?: number
}

/** Members of every class with at least two. */
const classesOf = (labels: Uint8Array, rows: number): ReadonlyArray<Int32Array> =>
  membersOf(labels, rows)
    .filter((members) => members.length > 1)
    .map((members) => Int32Array.from(members))

/** The classes of each row, all with the same weight. */
const groupsOf = (classes: ReadonlyArray<Int32Array>, rows: number): ReadonlyArray<ReadonlyArray<Group>> => {
  const groups = Array.from({ length: rows }, (): Array<Group> => [])
  for (const members of classes) {
    const group = { members, scale: 1 / (classes.length * members.length * rows) }
    for (const row of members) groups[row].push(group)
  }
  return groups
}

/**
 * The loss, its gradient and its floor: the mean over the same classes of 1 - |c| / B, which is reached if the nearest images
 * of every anchor are the members of its classes. A batch without such a class gives 0 and no gradient.
 *
 * @param input raw embeddings [rows, D], which are L2-normalised here
 * @example
 * const values = Float32Array.of(1, 0, 1, 0.001, 0, 1, 0.001, 1)
 * orderedMultiLabel({ values, labels: Uint8Array.of(1, 0, 1, 0, 0, 1, 0, 1), rows: 4 }).floor // => 0.5
 */
export const orderedMultiLabel = (
  { values, labels, rows, team }: LossInput,
  { temperature = 0.01 }: OrderedMultiLabelOptions = {}
): LossValue => {
  const classes = classesOf(labels, rows)
  if (classes.length === 0) return { value: 0, gradient: new Float32Array(values.length), floor: 0 }
  const given = directions({ values, rows, team })
  const S = similarities(given)
  const { dS, precision } = everyPrecision(
    groupedAnchors,
    { S, groups: groupsOf(classes, rows), rows, temperature },
    given.team
  )
  const floor = classes.reduce((sum, members) => sum + 1 - members.length / rows, 0) / classes.length
  return { value: 1 - precision, gradient: toEmbeddings(dS, given), floor }
}

/** The loss `oml`. */
export const oml = defineLoss({
  name: "oml",
  title: "Ordered Multi-label Loss: a smooth average precision of every class in the batch",
  source: "Imbriaco et al., IEEE TGRS 2021",
  on: "embeddings",
  params: { temperature: positive("Temperature: differences of similarity well above it count as an order.", 0.01) },
  loss:
    ({ temperature }) =>
    (input) =>
      orderedMultiLabel(input, { temperature })
})
