/** What an archive holds and what is wrong with it. */
import { type AnyElement, element } from "../../pipeline/element.ts"

/** Something that a reader must refuse or report, once per archive. */
export interface Finding {
  /** What was found, as a clause: "label rows have no image". */
  readonly what: string
  readonly count: number
  /** The first few, in the archive's order. */
  readonly examples: ReadonlyArray<string>
  /** `fail`: the patches cannot be used. `warn`: they can, but look wrong. `note`: worth knowing. */
  readonly severity: "fail" | "warn" | "note"
  /** What to do about it, as a sentence without a full stop. */
  readonly remedy: string
}

type Tallied = Readonly<Record<string, number>>

/** What an archive holds and what is wrong with it. */
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
  /** Patches by their number of labels. */
  readonly labelsPerPatch: Tallied
  /** Distinct label sets, of `all` and by split. */
  readonly distinctSets: Tallied
  readonly findings: ReadonlyArray<Finding>
  /** How the counts differ from the published ones; `undefined` where none are known. */
  readonly published:
    | { readonly source: string; readonly patches: number; readonly differences: ReadonlyArray<string> }
    | undefined
  /** Patches by split here and split in BigEarthNet v1, where its lists were given. */
  readonly leak: Readonly<Record<string, Tallied>> | undefined
  /** Whether every band was decoded. */
  readonly pixels: boolean
}
export const Audit = element<Audit>("audit", "audits", "counts and findings of an archive")
