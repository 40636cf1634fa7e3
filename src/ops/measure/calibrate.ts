import { join } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import { operator } from "../../pipeline/operator.ts"
import { listOf, PositiveInt, Probability, param } from "../../pipeline/param.ts"
import { Ranking } from "../elements.ts"
import { FileName } from "../filename.ts"
import { Run } from "../run.ts"
import { addCounts, type Counts, countsOf, curveOf, noCounts, thresholdAt, thresholdInterval } from "./calibration.ts"
import { MeasureError } from "./measure-error.ts"
import { prepare } from "./prepare.ts"
import { RelationName, relationOf } from "./relations.ts"
import { codebook, codesWith, defaultThresholds } from "./relevance.ts"
import { writeText } from "./writing.ts"

const PLAN = { at: [1], precisionAt: 1, thresholds: defaultThresholds }

/** Counts of every query of a block. @throws MeasureError if scores are not similarities from -1 to 1 */
const counter = (relation: string) => {
  let known: { readonly of: unknown; readonly count: (ranking: Ranking) => ReadonlyArray<Counts> } | undefined
  const made = (gallery: Ranking["gallery"]) => {
    const { databaseSets, sets } = prepare(gallery, PLAN)
    const { relevant } = relationOf(relation, defaultThresholds, codebook(gallery.classes.length))
    const n = gallery.database.length
    return ({ from, order, scores, to }: Ranking): ReadonlyArray<Counts> =>
      Array.from({ length: to - from }, (_, row) => {
        const codes = codesWith(sets, sets.of[gallery.queries[from + row]])
        const [own, at] = [scores.subarray(row * n, (row + 1) * n), order.subarray(row * n, (row + 1) * n)]
        if (!(own[0] <= 1.001 && own[n - 1] >= -1.001)) {
          throw new MeasureError({
            subject: "calibrate",
            problem: "needs similarities from -1 to 1, but some scores are outside",
            remedy: "Rank by cosine"
          })
        }
        return countsOf(own, (rank) => relevant[codes[databaseSets[at[rank]]]] === 1)
      })
  }
  return (ranking: Ranking): ReadonlyArray<Counts> => {
    if (known?.of !== ranking.gallery) known = { of: ranking.gallery, count: made(ranking.gallery) }
    return known.count(ranking)
  }
}

const figure = (value: number | null, digits = 3): string => (value === null ? "-" : value.toFixed(digits))

const publish = Effect.fnUntraced(function* (
  all: ReadonlyArray<Counts>,
  relation: string,
  precisions: ReadonlyArray<number>,
  resamples: number,
  to: string
) {
  const { folder, record, say, seed } = yield* Run
  const total = noCounts()
  for (const one of all) addCounts(total, one)
  const thresholds = precisions.map((precision) => ({
    precision,
    ...thresholdAt(total, precision, all.length),
    interval: thresholdInterval(all, precision, seed, resamples) ?? null
  }))
  const path = join(folder, `${to}.json`)
  const content = { relation, queries: all.length, resamples, thresholds, curve: curveOf(total) }
  yield* writeText(path, () => `${JSON.stringify(content, null, 2)}\n`)
  yield* record(`calibrations.${to}`, { relation, queries: all.length, thresholds })
  yield* say(`Thresholds at a precision (${relation}), over all pairs of ${all.length} queries:`)
  for (const { interval, precision, recall, results, threshold } of thresholds) {
    const ends = interval === null ? "" : ` [${interval.map((end) => figure(end)).join(", ")}]`
    yield* say(
      threshold === null
        ? `  precision ${precision}: no score reaches it`
        : `  precision ${precision}: score ${figure(threshold)}${ends}, recall ${figure(recall)}, ${figure(results, 1)} results per query`
    )
  }
})

/**
 * Calibrates scores: for each wanted precision, the least score such that the pairs of a query and an image with this score or a
 * higher one have at least that precision, pooled over all queries. It writes `NAME.json` with thresholds, their 95 % bootstrap
 * intervals over queries, and the precision by score in bins of 0.005. Rankings pass unchanged. It holds 3 kB per query.
 */
export const calibrate = operator({
  name: "calibrate",
  about: "Finds the score threshold for each given precision, with intervals; writes NAME.json.",
  from: Ranking,
  to: Ranking,
  params: {
    relation: param(
      RelationName,
      "Rule that decides from the labels whether a database image is relevant to a query.",
      "hard"
    ),
    precisions: param(listOf(Probability), "Precisions for which thresholds are found.", [0.5, 0.8, 0.9]),
    resamples: param(PositiveInt, "Number of resamples of the queries for the intervals.", 200),
    to: param(FileName, "Name of the file in the run folder.", "calibration")
  },
  declares: { writes: ({ to }) => [`${to}.json`] },
  run:
    ({ precisions, relation, resamples, to }) =>
    (rankings) =>
      Stream.suspend(() => {
        const count = counter(relation)
        const all: Array<Counts> = []
        const collect = (ranking: Ranking) =>
          Effect.map(
            attempt(MeasureError)(() => count(ranking)),
            (counts) => void all.push(...counts)
          )
        const finish = Effect.suspend(() => publish(all, relation, precisions, resamples, to))
        return rankings.pipe(Stream.tap(collect), Stream.concat(Stream.drain(Stream.fromEffect(finish))))
      })
})
