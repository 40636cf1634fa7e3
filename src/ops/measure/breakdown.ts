/** Breakdowns: figures of parts of the queries, those of each class and those with each number of labels. */
import type { Prepared } from "./prepare.ts"
import type { Cell } from "./query-figures.ts"

/** Parts of the queries over which figures are also means. */
export const BREAKDOWNS = ["class", "labels"] as const
export type Breakdown = (typeof BREAKDOWNS)[number]

/** Number of labels of each query, ascending and each once. */
const sizesOf = ({ gallery, sets }: Prepared): ReadonlyArray<number> =>
  [...new Set(Array.from(gallery.queries, (image) => sets.sizes[sets.of[image]]))].sort((a, b) => a - b)

/** Figures that are broken down: mAP at the strictest level, and standard figures that have a relation but no depth. */
const isBroken = ({ metric, part }: Cell, { deciding }: Prepared): boolean =>
  metric.kind === "relation" && metric.depths === "none" && (metric.group === "standard" || part === deciding)

/**
 * The cells of the breakdowns of some cells: `mAP hard by class` with a part for each class, `mAP hard by labels` with a part for
 * each number of labels. A query with several labels counts in the means of all its classes.
 */
export const brokenDown = (
  cells: ReadonlyArray<Cell>,
  prepared: Prepared,
  by: ReadonlyArray<Breakdown>
): ReadonlyArray<Cell> => {
  const sizes = by.includes("labels") ? sizesOf(prepared) : []
  return cells
    .filter((cell) => isBroken(cell, prepared))
    .flatMap((cell) => {
      const part = (kind: Breakdown, name: string, holds: (query: Parameters<Cell["of"]>[0]) => boolean): Cell => ({
        ...cell,
        name: `${cell.name} ${cell.part} by ${kind}`,
        part: name,
        of: (query) => (holds(query) ? cell.of(query) : null)
      })
      return by.flatMap((kind) =>
        kind === "class"
          ? prepared.gallery.classes.map((name, c) => part(kind, name, (query) => query.has(c)))
          : sizes.map((size) => part(kind, `${size}`, (query) => query.labels === size))
      )
    })
}
