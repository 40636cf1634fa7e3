/** The contents of an archive, and its faults. */
import { type AnyElement, element } from "../../pipeline/element.ts"

/** A fault or peculiarity of an archive, listed once. */
export interface Finding {
  /** The finding as a clause: "label rows have no image". */
  readonly what: string
  readonly count: number
  /** The first few occurrences, in the order of the archive. */
  readonly examples: ReadonlyArray<string>
  /** `fail`: the patches cannot be used. `warn`: they can be used, but look wrong. `note`: worth knowing. */
  readonly severity: "fail" | "warn" | "note"
  /** The remedy, as a sentence without a full stop. */
  readonly remedy: string
}

type Tallied = Readonly<Record<string, number>>

/** The contents of an archive, and its faults. */
export interface Audit extends AnyElement {
  readonly kind: "audit"
  readonly path: string
  /** Kind of the archive. */
  readonly archive: string
  readonly nomenclature: string
  readonly patches: number
  readonly splits: Tallied
  readonly countries: Tallied
  readonly classCounts: ReadonlyArray<{
    readonly name: string
    readonly total: number
    readonly splits: Tallied
    readonly countries: Tallied
  }>
  /** Number of patches by their number of labels. */
  readonly labelsPerPatch: Tallied
  /** Number of distinct label sets: for `all` patches and by split. */
  readonly distinctSets: Tallied
  readonly findings: ReadonlyArray<Finding>
  /** Differences between the counts and the published ones; `undefined` if no counts are published. */
  readonly published:
    | { readonly source: string; readonly patches: number; readonly differences: ReadonlyArray<string> }
    | undefined
  /** Number of patches by split here and split in BigEarthNet v1; `undefined` without the lists of v1. */
  readonly leak: Readonly<Record<string, Tallied>> | undefined
  /** Whether every band was decoded, not only the labels. */
  readonly pixels: boolean
}
export const Audit = element<Audit>("audit", "audits", "counts and findings of an archive")
