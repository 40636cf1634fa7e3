/** The figures of single queries: one list of cells gives their columns and their values. */

import type { QueryFigures } from "../elements.ts"
import { brokenDown } from "./breakdown.ts"
import { labelOf } from "./label-sets.ts"
import type { ClassMetric, CurveMetric, Graded, GradedMetric, Metric, RelationMetric } from "./metrics/metric.ts"
import { metrics } from "./metrics.ts"
import { once } from "./once.ts"
import type { Plan, Prepared } from "./prepare.ts"
import { type Codes, codesWith, levels } from "./relevance.ts"

/**
 * Images of a ranking with their ranks, best first. They include the first `depthOf` images of a plan and all images with a verdict other
 * than 0.
 */
export interface Judged {
  /** 0-based ranks, ascending. */
  readonly ranks: Int32Array
  /** Positions in `gallery.database`, in the same order. */
  readonly images: Int32Array
}

/** Figures of one query; its values are in the order of `cellsOf`. */
export type Figures = QueryFigures

/** One figure of an evaluation: its mean over queries is `results[name]` or, with a part, `results[name][part]`. */
export interface Column {
  readonly name: string
  /** A level, a relation or a class. */
  readonly part: string | undefined
}

/** A column with its metric. */
export interface Cell extends Column {
  readonly metric: Metric
  readonly of: (query: Query) => number | null
}

/** The ranking of one query as cells see it; what few metrics need is computed when it is asked for. */
interface Query extends Graded {
  /** Number of database images. */
  readonly size: number
  readonly counted: boolean
  /** Number of labels of the query. */
  readonly labels: number
  /** Whether the query has a class. */
  readonly has: (c: number) => boolean
  /** Ranks of the relevant images, ascending, in the order of `levels`. */
  readonly levels: ReadonlyArray<Int32Array>
  /** The same of the relations of standard metrics, in their order. */
  readonly relations: () => ReadonlyArray<Int32Array>
  /** Ranks of the images of a class; none if the query does not have it. */
  readonly ofClass: (c: number) => Int32Array
}

/** The metrics of a plan, in the order of reports. */
export const chosenMetrics = ({ original, standard }: Plan): ReadonlyArray<Metric> => {
  const names: ReadonlyArray<string> = standard?.metrics ?? []
  return metrics.filter(({ group, name }) => (group === "original" ? original !== false : names.includes(name)))
}

/** Depths of a metric's figures, each with its name. */
const depthsOf = ({ depths, label }: RelationMetric, { plan, standard }: Prepared) => {
  const named = (all: ReadonlyArray<number>) => all.map((k) => ({ k, name: `${label}@${k}` }))
  switch (depths) {
    case "none":
      return [{ k: 1, name: label }]
    case "precision":
      return named([plan.precisionAt])
    case "all":
      return named(standard?.depths ?? plan.at)
  }
}

const relationCells = (metric: RelationMetric, prepared: Prepared): ReadonlyArray<Cell> => {
  const original = metric.group === "original"
  const parts = original ? levels : (prepared.standard?.relations ?? []).map(({ name }) => name)
  const positionsOf = (query: Query, i: number) => (original ? query.levels : query.relations())[i]
  return depthsOf(metric, prepared).flatMap(({ k, name }) =>
    parts.map((part, i) => ({
      metric,
      name,
      part,
      of: (query) => {
        if (original && !query.counted) return null
        const positions = positionsOf(query, i)
        return positions.length === 0 ? null : metric.of(positions, Math.min(k, query.size))
      }
    }))
  )
}

const gradedCells = (metric: GradedMetric, { plan }: Prepared): ReadonlyArray<Cell> =>
  plan.at.map((k) => ({
    metric,
    name: `${metric.label}@${k}`,
    part: undefined,
    of: (query) => metric.of(query, Math.min(k, query.size))
  }))

const classCells = (metric: ClassMetric, { gallery }: Prepared): ReadonlyArray<Cell> =>
  gallery.classes.map((part, c) => ({
    metric,
    name: metric.label,
    part,
    of: (query) => {
      const positions = query.ofClass(c)
      return positions.length === 0 ? null : metric.of(positions)
    }
  }))

const curveCells = (metric: CurveMetric, { standard }: Prepared): ReadonlyArray<Cell> =>
  (standard?.relations ?? []).flatMap(({ name }, i) =>
    metric.points.map((point) => ({
      metric,
      name: `${metric.label} (${name})`,
      part: `${point}`,
      of: (query) => {
        const positions = query.relations()[i]
        return positions.length === 0 ? null : metric.of(positions, point)
      }
    }))
  )

const cellsOfMetric = (metric: Metric, prepared: Prepared): ReadonlyArray<Cell> => {
  switch (metric.kind) {
    case "relation":
      return relationCells(metric, prepared)
    case "graded":
      return gradedCells(metric, prepared)
    case "class":
      return classCells(metric, prepared)
    case "curve":
      return curveCells(metric, prepared)
  }
}

const made = new WeakMap<Prepared, ReadonlyArray<Cell>>()

/** All figures of a plan, in the order in which they are reported. */
export const cellsOf = (prepared: Prepared): ReadonlyArray<Cell> => {
  const before = made.get(prepared)
  if (before !== undefined) return before
  const whole = chosenMetrics(prepared.plan).flatMap((metric) => cellsOfMetric(metric, prepared))
  const cells = [...whole, ...brokenDown<Query, Cell>(whole, prepared, prepared.plan.by ?? [])]
  made.set(prepared, cells)
  return cells
}

/** Ranks of the relevant images at each level, ascending. */
const levelPositions = ({ databaseSets, positions, relevant }: Prepared, codes: Codes, { images, ranks }: Judged) => {
  const masks = new Uint8Array(codes.length)
  for (let set = 0; set < codes.length; set++) masks[set] = relevant[codes[set]]
  const [first, second, third] = positions
  let a = 0
  let b = 0
  let c = 0
  for (let i = 0; i < images.length; i++) {
    const mask = masks[databaseSets[images[i]]]
    if (mask === 0) continue
    const rank = ranks[i]
    if ((mask & 1) !== 0) first[a++] = rank
    if ((mask & 2) !== 0) second[b++] = rank
    if ((mask & 4) !== 0) third[c++] = rank
  }
  return [first.subarray(0, a), second.subarray(0, b), third.subarray(0, c)]
}

/** Ranks of the relevant ones among the judged images, ascending. */
const positionsOf = ({ images, ranks }: Judged, isRelevant: (image: number) => boolean): Int32Array => {
  const positions = new Int32Array(images.length)
  let found = 0
  for (let i = 0; i < images.length; i++) if (isRelevant(images[i])) positions[found++] = ranks[i]
  return positions.subarray(0, found)
}

/** Number of database images of each code. */
const countsOf = (databaseSets: Uint32Array, pairs: Codes, codes: number): Uint32Array => {
  const counts = new Uint32Array(codes)
  for (const set of databaseSets) counts[pairs[set]]++
  return counts
}

/** The k highest grades of the whole database, descending. */
const highest = (counts: Uint32Array, grades: Float64Array, k: number): Float64Array => {
  const descending = Array.from(counts.keys()).sort((a, b) => grades[b] - grades[a])
  const best = new Float64Array(k)
  let filled = 0
  for (const code of descending) {
    best.fill(grades[code], filled, filled + counts[code])
    filled += counts[code]
  }
  return best
}

const queryOf = (prepared: Prepared, row: number, judged: Judged): Query => {
  const { databaseSets, deciding, gallery, plan, sets, shared, similarity, standard } = prepared
  const n = databaseSets.length
  const query = gallery.queries[row]
  const pairs = codesWith(sets, sets.of[query])
  const deepest = Math.min(n, Math.max(...plan.at))
  const found = levelPositions(prepared, pairs, judged)
  const codeAt = (rank: number): number => pairs[databaseSets[judged.images[rank]]]
  const firstShared = once(() => Uint16Array.from({ length: deepest }, (_, rank) => shared[codeAt(rank)]))
  const firstSimilarity = once(() => Float64Array.from({ length: deepest }, (_, rank) => similarity[codeAt(rank)]))
  const codes = once(() => countsOf(databaseSets, pairs, similarity.length))
  const width = gallery.classes.length
  return {
    size: n,
    counted: found[levels.indexOf(deciding)].length > 0,
    labels: sets.sizes[sets.of[query]],
    has: (c) => gallery.labels[query * width + c] !== 0,
    levels: found,
    relations: once(() =>
      (standard?.relations ?? []).map(({ relevant }) =>
        positionsOf(judged, (image) => relevant[pairs[databaseSets[image]]] === 1)
      )
    ),
    get shared() {
      return firstShared()
    },
    get similarity() {
      return firstSimilarity()
    },
    counts: once(() => {
      const counts = new Uint32Array(width + 1)
      codes().forEach((count, code) => {
        counts[shared[code]] += count
      })
      return counts
    }),
    best: once(() => highest(codes(), similarity, deepest)),
    ofClass: (c) =>
      gallery.labels[query * width + c] === 0
        ? new Int32Array(0)
        : positionsOf(judged, (image) => labelOf(sets, databaseSets[image], c) === 1)
  }
}

/**
 * Measures one query by the part of its order that figures depend on.
 *
 * @param row position in `gallery.queries`
 */
export const figuresOfJudged = (prepared: Prepared, row: number, judged: Judged): Figures => {
  const query = queryOf(prepared, row, judged)
  return {
    relevant: query.levels.map((found) => found.length),
    counted: query.counted,
    values: cellsOf(prepared).map(({ of }) => of(query))
  }
}

/**
 * Measures one query.
 *
 * @param row position in `gallery.queries`
 * @param order the whole database, best first: positions in `gallery.database`
 */
export const figuresOf = (prepared: Prepared, row: number, order: Int32Array): Figures =>
  figuresOfJudged(prepared, row, { ranks: prepared.everyRank, images: order })

/** The figure of one query under its name in reports, such as `mAP` and `hard`; null where the query does not count. */
export const figureOf = (prepared: Prepared, { values }: Figures, name: string, part?: string): number | null =>
  values[cellsOf(prepared).findIndex((cell) => cell.name === name && cell.part === part)] ?? null
