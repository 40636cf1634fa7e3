/** Breakdowns: figures of parts of the queries, those of each class and those with each number of labels. */
import type { Gallery } from "../elements.ts"
import type { LabelSets } from "./label-sets.ts"
import type { Metric } from "./metrics/metric.ts"

/** Parts of the queries over which figures are also means. */
export const BREAKDOWNS = ["class", "labels"] as const
export type Breakdown = (typeof BREAKDOWNS)[number]

/** The labels of a query. */
interface Labelled {
  /** Number of labels. */
  readonly labels: number
  /** Whether the query has a class. */
  readonly has: (c: number) => boolean
}

/** A figure with its metric. */
interface Broken<Q extends Labelled> {
  readonly metric: Metric
  readonly name: string
  readonly part: string | undefined
  readonly of: (query: Q) => number | null
}

/** Number of labels of each query, ascending and each once. */
const sizesOf = ({ queries }: Gallery, sets: LabelSets): ReadonlyArray<number> =>
  [...new Set(Array.from(queries, (image) => sets.sizes[sets.of[image]]))].sort((a, b) => a - b)

/**
 * The cells of the breakdowns of some cells: `mAP hard by class` with a part for each class, `mAP hard by labels` with a part for
 * each number of labels. mAP is broken down at the level `deciding`, and so are standard figures that have a relation but no depth. A
 * query with several labels counts in the means of all its classes.
 *
 * @param deciding name of the level with the smallest threshold
 */
export const brokenDown = <Q extends Labelled, C extends Broken<Q>>(
  cells: ReadonlyArray<C & Broken<Q>>,
  { deciding, gallery, sets }: { readonly deciding: string; readonly gallery: Gallery; readonly sets: LabelSets },
  by: ReadonlyArray<Breakdown>
) => {
  const sizes = by.includes("labels") ? sizesOf(gallery, sets) : []
  const broken = cells.filter(
    ({ metric, part }) =>
      metric.kind === "relation" && metric.depths === "none" && (metric.group === "standard" || part === deciding)
  )
  return broken.flatMap((cell) => {
    const part = (kind: Breakdown, name: string, holds: (query: Q) => boolean) => ({
      metric: cell.metric,
      name: `${cell.name} ${cell.part} by ${kind}`,
      part: name,
      of: (query: Q): number | null => (holds(query) ? cell.of(query) : null)
    })
    return by.flatMap((kind) =>
      kind === "class"
        ? gallery.classes.map((name, c) => part(kind, name, (query) => query.has(c)))
        : sizes.map((size) => part(kind, `${size}`, (query) => query.labels === size))
    )
  })
}
