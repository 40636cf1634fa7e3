/**
 * The part of an order that figures depend on: the order of the first images, and the ranks of images that are relevant. Images
 * with equal verdicts can change places without changing a figure, so rankings need not decide between them.
 */
import { needs } from "./metrics/metric.ts"
import type { Plan, Prepared } from "./prepare.ts"
import { chosenMetrics } from "./query-figures.ts"
import { codesWith } from "./relevance.ts"

/** Whether a metric of the plan needs a part of the order. */
const needed = (plan: Plan, need: (typeof needs)[keyof typeof needs]): boolean =>
  chosenMetrics(plan).some(({ kind }) => needs[kind] === need)

/** Number of first images whose order matters. */
export const depthOf = ({ databaseSets, plan }: Prepared): number =>
  needed(plan, "first") ? Math.min(databaseSets.length, Math.max(...plan.at)) : 0

/** For each code of a pair of label sets, a number that differs where a relation differs; 0 if the pair is relevant in none. */
const codeVerdicts = ({ relevant, standard }: Prepared): Int32Array => {
  const known = new Map<string, number>()
  return Int32Array.from(relevant, (levels, code) => {
    const relations = (standard?.relations ?? []).map((relation) => relation.relevant[code])
    if (levels === 0 && !relations.includes(1)) return 0
    const key = [levels, ...relations].join()
    const number = known.get(key) ?? known.size + 1
    known.set(key, number)
    return number
  })
}

/**
 * Makes the function that gives the verdicts of a query: a number for each label set, int32 [sets]. Two images matter to the same
 * figures if the verdicts of their label sets are equal; 0 marks images that are relevant in no figure.
 */
export const verdicts = (prepared: Prepared): ((row: number) => Int32Array) => {
  const { gallery, plan, sets, shared } = prepared
  const byCode = codeVerdicts(prepared)
  const classes = needed(plan, "classes")
  return (row) => {
    const codes = codesWith(sets, sets.of[gallery.queries[row]])
    const found = new Int32Array(codes.length)
    for (let set = 0; set < codes.length; set++) {
      const verdict = byCode[codes[set]]
      if (!classes) found[set] = verdict
      else if (verdict > 0 || shared[codes[set]] > 0) found[set] = set + 1
    }
    return found
  }
}
