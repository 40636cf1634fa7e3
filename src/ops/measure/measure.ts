import { join } from "node:path"
import { Effect, Schema, Stream } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import { operator } from "../../pipeline/operator.ts"
import { Compat, choice, documented, listOf, optional, PositiveInt, Probability, param } from "../../pipeline/param.ts"
import { conjoined } from "../../pipeline/words.ts"
import { Ranking, Report } from "../elements.ts"
import { FileName } from "../filename.ts"
import { writeFileAtomic } from "../formats/files.ts"
import { Run } from "../run.ts"
import { emptyTally, merge, type Tally } from "./accumulate.ts"
import { intervalOf, resampledMeans } from "./bootstrap.ts"
import { counter, measuringThreads } from "./counting.ts"
import { MeasureError } from "./measure-error.ts"
import { metrics, type StandardMetric, standard, standardMetrics } from "./metrics.ts"
import { perQueryCsv } from "./per-query.ts"
import { type Plan, type Prepared, prepare } from "./prepare.ts"
import { cellsOf } from "./query-figures.ts"
import { RelationName } from "./relations.ts"
import { defaultThresholds, levels } from "./relevance.ts"
import { toReport } from "./to-report.ts"

/** Measures all blocks; values that blocks of one gallery share are computed once. */
const measured = Effect.fnUntraced(function* <E, R>(
  rankings: Stream.Stream<Ranking, E, R>,
  plan: Plan,
  note: (words: string) => void
) {
  const parts: Array<Tally> = []
  let done = 0
  let known: { readonly prepared: Prepared; readonly count: Effect.Success<ReturnType<typeof counter>> } | undefined
  yield* Stream.runForEach(
    rankings,
    Effect.fnUntraced(function* (ranking) {
      if (known?.prepared.gallery !== ranking.gallery) {
        const prepared = yield* attempt(MeasureError)(() => prepare(ranking.gallery, plan))
        const { database, queries } = ranking.gallery
        const threads = yield* measuringThreads(queries.length, database.length)
        known = {
          prepared,
          count: yield* counter(prepared, threads, (more) => {
            done += more
            note(`${done} of ${queries.length} queries`)
          })
        }
      }
      parts.push(yield* known.count(ranking))
    })
  )
  if (known !== undefined) return { prepared: known.prepared, all: merge(emptyTally, ...parts) }
  return yield* new MeasureError({
    subject: "rankings",
    problem: "none arrived",
    remedy: "Rank at least one query"
  })
})

/** Intervals of all figures from resamples of the queries. */
const intervals = Effect.fnUntraced(function* (
  prepared: Prepared,
  { figures }: Tally,
  resamples: number,
  note: (words: string) => void
) {
  const { seed } = yield* Run
  const values = cellsOf(prepared).map((_, i) => Float64Array.from(figures, (one) => one.values[i] ?? Number.NaN))
  const means = values.map(() => new Float64Array(resamples))
  for (let draw = 0; draw < resamples; draw++) {
    const one = resampledMeans(values, seed, draw)
    means.forEach((column, i) => {
      column[draw] = one[i]
    })
    if (draw % 8 > 0) continue
    note(`${draw} of ${resamples} resamples`)
    yield* Effect.yieldNow
  }
  return means.map(intervalOf)
})

const writePerQuery = Effect.fnUntraced(function* (prepared: Prepared, all: Tally, name: string) {
  const { folder, wrote } = yield* Run
  const path = join(folder, `${name}.csv`)
  yield* Effect.mapError(
    attempt(Error)(() => writeFileAtomic(path, perQueryCsv(prepared, all))),
    (cause) =>
      new MeasureError({
        subject: path,
        problem: `cannot be written (${cause.message})`,
        remedy: "Free disk space, or choose another run folder",
        cause
      })
  )
  yield* wrote(path)
})

/** A value of `metrics`: all figures of the original, all standard metrics, or one of them. */
const Metric = choice("original", "standard", ...standardMetrics)

const choices = [
  { name: "original", title: conjoined(metrics.filter(({ group }) => group === "original").map(({ label }) => label)) },
  ...standard.map(({ label, name, title }) => ({ name, title: `${label}: ${title}` }))
]

const chosen = (metrics: ReadonlyArray<typeof Metric.Type>): ReadonlyArray<StandardMetric> =>
  standardMetrics.filter((metric) => metrics.includes("standard") || metrics.includes(metric))

/**
 * Reduces the rankings of all queries to one report. An image is relevant at a level if its Jaccard distance to the query's
 * labels is at most the threshold of the level. mAP (trapezoidal) and precision are means over the queries with a relevant
 * image at the strictest level; ACG, nDCG and wAP are means over all queries. Standard metrics are optional and have names of
 * their own.
 */
export const measure = operator({
  name: "measure",
  about: "Reduces rankings to mAP, precision, ACG, nDCG, wAP and, optionally, standard metrics.",
  from: Ranking,
  to: Report,
  params: {
    at: param(listOf(PositiveInt), "Depths of ACG, nDCG and wAP.", [20, 40, 60, 80, 100]),
    precision_at: param(PositiveInt, "Depth of precision.", 10),
    thresholds: param(
      Schema.Struct({ easy: Probability, medium: Probability, hard: Probability }),
      "Largest Jaccard distance of a relevant image, by level.",
      defaultThresholds
    ),
    metrics: documented(
      param(
        listOf(Metric),
        "`original` for the original's figures, `standard` for all standard metrics, or names of single ones.",
        ["original"]
      ),
      choices
    ),
    relations: param(listOf(RelationName), "Rules by which images are relevant in the standard metrics.", [...levels]),
    bootstrap: optional(
      PositiveInt,
      "Number of resamples of the queries for 95 % confidence intervals; 1000 is usual."
    ),
    per_query: optional(FileName, "Name of a CSV file in the run folder for the figures of every query."),
    chunk: optional(
      PositiveInt,
      "Queries per chunk, with `compat: original`: figures are means of the means of chunks, as the original's for BigEarthNet (500)."
    ),
    compat: param(Compat, "`original`: means of the means of chunks, if `chunk` is given.", "none")
  },
  declares: { writes: ({ per_query }) => (per_query === undefined ? [] : [`${per_query}.csv`]) },
  run:
    ({ at, bootstrap, chunk, compat, metrics, per_query, precision_at, relations, thresholds }, self) =>
    (rankings) => {
      self.expect(1)
      const note = (words: string) => self.note?.(words)
      const plan: Plan = {
        at,
        precisionAt: precision_at,
        thresholds,
        chunk: compat === "original" ? chunk : undefined,
        original: metrics.includes("original"),
        standard: { metrics: chosen(metrics), relations }
      }
      const reduced = Effect.gen(function* () {
        if (plan.chunk !== undefined && bootstrap !== undefined) {
          return yield* new MeasureError({
            subject: "bootstrap",
            problem: "cannot be combined with `chunk`: resampled queries have no chunks",
            remedy: "Omit `bootstrap` or `chunk`"
          })
        }
        const { all, prepared } = yield* measured(rankings, plan, note)
        if (per_query !== undefined) yield* writePerQuery(prepared, all, per_query)
        const found = bootstrap === undefined ? undefined : yield* intervals(prepared, all, bootstrap, note)
        return yield* attempt(MeasureError)(() => toReport(prepared, all, found))
      })
      return Stream.fromEffect(Effect.scoped(reduced))
    }
})
