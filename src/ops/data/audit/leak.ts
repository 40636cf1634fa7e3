/**
 * Finds test patches of one version that are training patches of the other: BigEarthNet v2 names the v1 patch of each patch.
 */
import type { PatchRef, Split } from "../../elements.ts"
import { type Finding, finding } from "../archives/shared/findings.ts"
import { type Lists, SPLITS } from "../splits/division.ts"

export interface Leak {
  readonly see: (reference: PatchRef) => void
  /** Patches by their split here (rows) and in v1 (columns). */
  readonly table: () => Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly findings: () => ReadonlyArray<Finding>
}

/** Rows of the table, in their usual order. */
const PARTS = [...SPLITS, "none"]

/** @param lists names per split of BigEarthNet v1 */
export const leakFrom = (lists: Lists): Leak => {
  const parts = new Map<string, Split>(
    SPLITS.flatMap((split) => (lists[split] ?? []).map((name) => [name, split] as const))
  )
  const table: Record<string, Record<string, number>> = {}
  const leaked: Array<string> = []
  let tested = 0
  let known = 0
  return {
    see: ({ facts, name, split = undefined }) => {
      const before = parts.get(facts.s2v1) ?? "none"
      const row = table[split ?? "none"] ?? {}
      if (before !== "none") known++
      row[before] = (row[before] ?? 0) + 1
      table[split ?? "none"] = row
      if (split !== "test") return
      tested++
      if (before === "train") leaked.push(`${name} (${facts.s2v1})`)
    },
    table: () => Object.fromEntries(PARTS.flatMap((part) => (table[part] === undefined ? [] : [[part, table[part]]]))),
    findings: () => [
      ...(known > 0
        ? []
        : finding(
            "names of BigEarthNet v1's lists are of no patch here: whether its training leaks is not known",
            [...parts.keys()],
            "warn",
            "Give lists of v1's own names (S2A_MSIL2A_20170613T101031_0_45), as its official ones are"
          )),
      ...finding(
        `test patches are training patches of BigEarthNet v1 (${((100 * leaked.length) / Math.max(1, tested)).toFixed(1)} % of the test)`,
        leaked,
        "warn",
        "Weights that were trained on v1 must not be tested here"
      )
    ]
  }
}
