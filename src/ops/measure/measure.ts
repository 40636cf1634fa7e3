import { Effect, Schema, Stream } from "effect"
import { operator } from "../../pipeline/operator.ts"
import { listOf, PositiveInt, Probability, param } from "../../pipeline/param.ts"
import { Ranking, Report } from "../elements.ts"
import { emptyTally, merge, type Tally, tally } from "./accumulate.ts"
import { MeasureError } from "./errors.ts"
import { type Plan, type Prepared, prepare } from "./figures.ts"
import { defaultThresholds } from "./relevance.ts"
import { toReport } from "./to-report.ts"

/** Runs a pure function that throws `MeasureError`; what else it throws is a defect. */
const attempt = <A>(run: () => A): Effect.Effect<A, MeasureError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (fault) {
      return fault instanceof MeasureError ? Effect.fail(fault) : Effect.die(fault)
    }
  })

interface Measured {
  readonly prepared: Prepared | undefined
  readonly parts: ReadonlyArray<Tally>
}

/** Adds a block; what all blocks of one gallery share is made once. */
const add = ({ parts, prepared }: Measured, ranking: Ranking, plan: Plan): Measured => {
  const known = prepared?.gallery === ranking.gallery ? prepared : prepare(ranking.gallery, plan)
  return { prepared: known, parts: [...parts, tally(known, ranking)] }
}

/** @throws MeasureError where nothing was ranked */
const finish = ({ parts, prepared }: Measured): Report => {
  if (prepared !== undefined) return toReport(prepared, merge(emptyTally, ...parts))
  throw new MeasureError({ subject: "rankings", problem: "there are none", remedy: "Rank at least one query" })
}

/**
 * Reduces the rankings of all queries to one report. An image is relevant at a level if its Jaccard distance to the
 * query's labels is at most the level's threshold; mAP (trapezoidal) and precision are means over the queries that have a
 * relevant image at the strictest level, ACG, nDCG and wAP over all queries.
 */
export const measure = operator({
  name: "measure",
  about: "Reduces rankings to mAP, precision, ACG, nDCG and wAP.",
  from: Ranking,
  to: Report,
  params: {
    at: param(listOf(PositiveInt), "Depths of ACG, nDCG and wAP.", [20, 40, 60, 80, 100]),
    precision_at: param(PositiveInt, "Depth of precision.", 10),
    thresholds: param(
      Schema.Struct({ easy: Probability, medium: Probability, hard: Probability }),
      "Greatest Jaccard distance of a relevant image, by level.",
      defaultThresholds
    )
  },
  run:
    ({ at, precision_at, thresholds }, self) =>
    (rankings) => {
      self.expect(1)
      const plan: Plan = { at, precisionAt: precision_at, thresholds }
      const nothing: Measured = { prepared: undefined, parts: [] }
      return Stream.fromEffect(
        Stream.runFoldEffect(
          rankings,
          () => nothing,
          (state, ranking) => attempt(() => add(state, ranking, plan))
        ).pipe(Effect.flatMap((state) => attempt(() => finish(state))))
      )
    }
})
