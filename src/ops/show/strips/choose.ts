/** The choice of queries to draw. */
import { Effect } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import type { Ranking } from "../../elements.ts"
import { MeasureError } from "../../measure/measure-error.ts"
import { prepare } from "../../measure/prepare.ts"
import { figureOf, figuresOf } from "../../measure/query-figures.ts"
import { defaultThresholds } from "../../measure/relevance.ts"
import { perGallery } from "../../retrieve/gallery.ts"
import { first, type StripContent, spread, stripContent } from "./strip.ts"

/** Ways to choose queries: spread evenly over all, the first ones as in the original, or the worst and best by average precision. */
export const WHICH = ["spread", "first", "extremes"] as const
export type Which = (typeof WHICH)[number]

/** Average precision of a query at hard; null if nothing is relevant. Data that queries of a gallery share is prepared once. */
const judge = () => {
  const prepared = perGallery((gallery) =>
    prepare(gallery, { at: [1], precisionAt: 1, thresholds: defaultThresholds, original: true })
  )
  return ({ from, gallery, order }: Ranking, row: number): number | null => {
    const n = gallery.database.length
    const own = order.subarray((row - from) * n, (row - from + 1) * n)
    return figureOf(prepared(gallery), figuresOf(prepared(gallery), row, own), "mAP", "hard")
  }
}

/** Whether average precision is defined: not for results of a search, nor for queries without labels. */
const isJudged = ({ gallery }: Ranking): boolean =>
  gallery.partial !== true && gallery.unlabelled !== true && gallery.classes.length > 0

/** Rows of a block that `spread` or `first` chooses, which need only the number of queries. */
const fixedRows = ({ from, gallery, to }: Ranking, which: Which, queries: number): ReadonlyArray<number> => {
  const count = gallery.queries.length
  return (which === "first" ? first(count, queries) : spread(count, queries)).filter((row) => row >= from && row < to)
}

type Judged = StripContent & { readonly ap: number }

/** The worst, lowest first, and the best, highest first; ties in the order of their queries. */
const extremesOf = (all: ReadonlyArray<Judged>, queries: number) => {
  const few = Math.floor(queries / 2)
  return {
    worst: all.toSorted((a, b) => a.ap - b.ap || a.row - b.row).slice(0, few),
    best: all.toSorted((a, b) => b.ap - a.ap || a.row - b.row).slice(0, queries - few)
  }
}

/** Worst first; a query among both the worst and the best appears once. */
const inTurn = ({
  best,
  worst
}: Readonly<Record<"best" | "worst", ReadonlyArray<Judged>>>): ReadonlyArray<StripContent> => {
  const rows = new Set(worst.map(({ row }) => row))
  return [...worst, ...best.filter(({ row }) => !rows.has(row)).reverse()]
}

const isExtreme = (content: StripContent): content is Judged => typeof content.ap === "number"

/**
 * The strips to draw, from those that were chosen in each range of queries.
 *
 * @param chosen in the order of their ranges
 */
export const chosenOf = (
  chosen: ReadonlyArray<StripContent>,
  which: Which,
  queries: number
): ReadonlyArray<StripContent> =>
  which === "extremes" ? inTurn(extremesOf(chosen.filter(isExtreme), queries)) : chosen

/**
 * Chooses queries while rankings pass.
 *
 * @param top number of results per strip
 * @returns `pass` returns the strips of a block that can be drawn at once, `rest` those that depend on the last block
 */
export const chooser = (which: Which, queries: number, top: number) => {
  const apOf = judge()
  let worst: ReadonlyArray<Judged> = []
  let best: ReadonlyArray<Judged> = []
  const judged = (ranking: Ranking, row: number): StripContent => {
    const content = stripContent(ranking, row, top)
    return isJudged(ranking) ? { ...content, ap: apOf(ranking, row) } : content
  }
  const contend = (ranking: Ranking, row: number): void => {
    const ap = apOf(ranking, row)
    if (ap === null) return
    const enters = (all: ReadonlyArray<Judged>, wanted: number, before: (a: number, b: number) => boolean) =>
      all.length < wanted || before(ap, all[all.length - 1]?.ap ?? ap)
    const few = Math.floor(queries / 2)
    const low = enters(worst, few, (a, b) => a < b)
    const high = enters(best, queries - few, (a, b) => a > b)
    if (!low && !high) return
    const content = { ...stripContent(ranking, row, top), ap }
    if (low) worst = extremesOf([...worst, content], queries).worst
    if (high) best = extremesOf([...best, content], queries).best
  }
  const pass = (ranking: Ranking) =>
    attempt(MeasureError)((): ReadonlyArray<StripContent> => {
      if (which !== "extremes") return fixedRows(ranking, which, queries).map((row) => judged(ranking, row))
      for (let row = ranking.from; row < ranking.to; row++) contend(ranking, row)
      return []
    })
  const rest = Effect.sync(() => inTurn({ worst, best }))
  return { pass, rest }
}
