/** How many cases a property draws where it is not fast-check's default. */
import fc from "fast-check"

/** So many; fewer where a lower number holds for all, as for mutation testing. */
export const runs = (numRuns: number): { readonly numRuns: number } => ({
  numRuns: Math.min(numRuns, fc.readConfigureGlobal().numRuns ?? numRuns)
})
