import { join } from "node:path"
import { Effect, Schema, Stream } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import { operator } from "../../pipeline/operator.ts"
import {
  Compat,
  choice,
  type Decoded,
  documented,
  listOf,
  optional,
  PositiveInt,
  Probability,
  param
} from "../../pipeline/param.ts"
import { kept, type Self, type Step } from "../../pipeline/step.ts"
import { conjoined } from "../../pipeline/words.ts"
import { type Gallery, Ranking, Report } from "../elements.ts"
import { FileName } from "../filename.ts"
import { Run } from "../run.ts"
import { emptyTally, merge, type Tally, tallyOf } from "./accumulate.ts"
import { intervalOf, resampledMeans } from "./bootstrap.ts"
import { BREAKDOWNS } from "./breakdown.ts"
import { counter, measuringThreads } from "./counting.ts"
import { MeasureError } from "./measure-error.ts"
import { metrics, type StandardMetric, standard, standardMetrics } from "./metrics.ts"
import { perQueryCsv } from "./per-query.ts"
import { type Plan, type Prepared, prepare } from "./prepare.ts"
import { cellsOf } from "./query-figures.ts"
import { RelationName } from "./relations.ts"
import { defaultThresholds, levels } from "./relevance.ts"
import { toReport } from "./to-report.ts"
import { writeText } from "./writing.ts"

/** Figures of some queries, and the gallery of their rankings. */
interface Tallied extends Tally {
  /** Absent in parts without the first query, so that only one part of many holds it. */
  readonly gallery?: Gallery | undefined
}

/** Prepares galleries; one that several blocks share is prepared once. */
const preparing = (plan: Plan) => {
  let known: Prepared | undefined
  return (gallery: Gallery): Effect.Effect<Prepared, MeasureError> =>
    attempt(MeasureError)(() => {
      if (known?.gallery !== gallery) known = prepare(gallery, plan)
      return known
    })
}

/** Measures blocks, and merges their figures. */
const tallied = Effect.fnUntraced(function* <E, R>(
  rankings: Stream.Stream<Ranking, E, R>,
  prepared: ReturnType<typeof preparing>,
  self: Self
) {
  const parts: Array<Tally> = []
  let done = 0
  const noted = (gallery: Gallery, more: number) => {
    done += more
    self.note?.(`${done} of ${gallery.queries.length} queries`)
  }
  const open = (gallery: Gallery) =>
    Effect.gen(function* () {
      const threads = yield* measuringThreads(gallery.queries.length, gallery.database.length)
      return yield* counter(yield* prepared(gallery), threads, (more) => noted(gallery, more))
    })
  let known: { readonly gallery: Gallery; readonly count: Effect.Success<ReturnType<typeof counter>> } | undefined
  let last: Gallery | undefined
  yield* Stream.runForEach(
    rankings,
    Effect.fnUntraced(function* (ranking) {
      const { figures, from, gallery } = ranking
      last = gallery
      if (figures !== undefined) {
        parts.push(tallyOf(from, figures))
        noted(gallery, figures.length)
        return
      }
      if (known?.gallery !== gallery) known = { gallery, count: yield* kept(self, "counter", open(gallery)) }
      parts.push(yield* known.count(ranking))
    })
  )
  const all: Tallied = { ...merge(emptyTally, ...parts), gallery: last }
  return all
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
  const { folder } = yield* Run
  yield* writeText(join(folder, `${name}.csv`), () => perQueryCsv(prepared, all))
})

/** Steps that compute figures of their own. `measure` accepts their names, so that one list serves all these steps. */
const STEPS = ["knn", "linear-probe"] as const

/** A value of `metrics`: all figures of the original, all standard metrics, or one of them. */
const Metric = choice("original", "standard", ...standardMetrics, ...STEPS)

const choices = [
  { name: "original", title: conjoined(metrics.filter(({ group }) => group === "original").map(({ label }) => label)) },
  ...standard.map(({ label, name, title }) => ({ name, title: `${label}: ${title}` })),
  ...STEPS.map((name) => ({ name, title: `figures of the step \`${name}\` before it, which computes them` }))
]

const chosen = (metrics: ReadonlyArray<typeof Metric.Type>): ReadonlyArray<StandardMetric> =>
  standardMetrics.filter((metric) => metrics.includes("standard") || metrics.includes(metric))

const declared = {
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
  by: param(
    Schema.Array(choice(...BREAKDOWNS)),
    "Adds means over the queries of each `class`, or over the queries with each number of `labels`. They are computed for mAP at the level with the smallest threshold (`hard` by default), and for standard metrics without a depth k.",
    []
  ),
  bootstrap: optional(PositiveInt, "Number of resamples of the queries for 95 % confidence intervals; 1000 is usual."),
  per_query: optional(FileName, "Name of a CSV file in the run folder for the figures of every query."),
  chunk: optional(
    PositiveInt,
    "Queries per chunk, with `compat: original`: figures are means of the means of chunks, as the original's for BigEarthNet (500)."
  ),
  compat: param(Compat, "`original`: means of the means of chunks, if `chunk` is given.", "none")
}
type Given = Decoded<typeof declared>

const planOf = ({ at, by, chunk, compat, metrics, precision_at, relations, thresholds }: Given): Plan => ({
  at,
  precisionAt: precision_at,
  thresholds,
  chunk: compat === "original" ? chunk : undefined,
  by,
  original: metrics.includes("original"),
  standard: { metrics: chosen(metrics), relations }
})

const checkBootstrap = ({ bootstrap, ...given }: Given): Effect.Effect<void, MeasureError> =>
  planOf({ bootstrap, ...given }).chunk === undefined || bootstrap === undefined
    ? Effect.void
    : new MeasureError({
        subject: "bootstrap",
        problem: "cannot be combined with `chunk`: resampled queries have no chunks",
        remedy: "Omit `bootstrap` or `chunk`"
      })

/** The report of the figures of all queries, in one part or many. */
const reported = Effect.fnUntraced(function* (
  parts: ReadonlyArray<Tallied>,
  preparedOf: ReturnType<typeof preparing>,
  given: Given,
  self: Self
) {
  const { bootstrap, per_query } = given
  yield* checkBootstrap(given)
  const gallery = parts.find((part) => part.gallery !== undefined)?.gallery
  if (gallery === undefined) {
    return yield* new MeasureError({
      subject: "rankings",
      problem: "none arrived",
      remedy: "Rank at least one query"
    })
  }
  const prepared = yield* preparedOf(gallery)
  const all = merge(emptyTally, ...parts)
  if (per_query !== undefined) yield* writePerQuery(prepared, all, per_query)
  const found =
    bootstrap === undefined ? undefined : yield* intervals(prepared, all, bootstrap, (words) => self.note?.(words))
  return yield* attempt(MeasureError)(() => toReport(prepared, all, found))
})

/**
 * Reduces the rankings of all queries to one report. An image is relevant at a level if its Jaccard distance to the query's
 * labels is at most the threshold of the level. mAP (trapezoidal) and precision are means over the queries that have a relevant
 * image at the level with the smallest threshold; ACG, nDCG and wAP are means over all queries. Standard metrics are optional
 * and have names of their own.
 */
export const measure = operator({
  name: "measure",
  about: "Reduces rankings to mAP, precision, ACG, nDCG, wAP and, optionally, standard metrics.",
  from: Ranking,
  to: Report,
  params: declared,
  declares: { writes: ({ per_query }) => (per_query === undefined ? [] : [`${per_query}.csv`]) },
  parts: {
    version: 1,
    make: (params, self) => (rankings) => {
      const all = Effect.scoped(tallied(rankings, preparing(planOf(params)), self))
      return Stream.fromEffect(
        Effect.map(all, ({ gallery, ...tally }): Tallied => (tally.rows[0] === 0 ? { ...tally, gallery } : tally))
      )
    },
    merge: (params, self) => (parts: Stream.Stream<Tallied>) => {
      self.expect(1)
      const prepared = preparing(planOf(params))
      return Stream.fromEffect(Effect.flatMap(Stream.runCollect(parts), (all) => reported(all, prepared, params, self)))
    }
  },
  run: (params, self) => (rankings) => {
    self.expect(1)
    const prepared = preparing(planOf(params))
    const all = Effect.andThen(checkBootstrap(params), tallied(rankings, prepared, self))
    return Stream.fromEffect(Effect.scoped(Effect.flatMap(all, (one) => reported([one], prepared, params, self))))
  }
})

/** The plan of `measure`, if it is the first of some steps: the steps before it then need not keep whole orders. */
export const plannedNext = (after: ReadonlyArray<Step> | undefined): Plan | undefined => {
  const next = after?.at(0)
  return next?.name === measure.name ? planOf(next.params as Given) : undefined
}
