/** Reports as values that nothing changes. */
import type { Report, Results } from "../elements.ts"
import { MeasureError } from "./measure-error.ts"

/** Every figure: its name, its part (a level, a relation, a class) where it has one, and its value. */
export const figuresIn = (
  results: Results
): ReadonlyArray<readonly [name: string, part: string, value: number | null]> =>
  Object.entries(results).flatMap(([name, value]) =>
    typeof value === "object" && value !== null
      ? Object.entries(value).map(([part, one]) => [name, part, one] as const)
      : [[name, "", value] as const]
  )

const wrong = (problem: string): MeasureError =>
  new MeasureError({ subject: "report", problem, remedy: "This is a fault of orbitrank itself: please report it" })

/**
 * Makes a report that cannot be changed.
 *
 * @throws MeasureError where a figure is neither finite nor null, or more queries count than there are
 */
export const makeReport = (given: Omit<Report, "kind">): Report => {
  for (const [name, part, value] of figuresIn(given.results)) {
    if (value !== null && !Number.isFinite(value)) throw wrong(`${[name, part].join(" ").trim()} is ${value}`)
  }
  if (given.counted > given.queries) throw wrong(`${given.counted} of ${given.queries} queries count`)
  for (const value of Object.values(given.results)) if (typeof value === "object") Object.freeze(value)
  return Object.freeze({
    ...given,
    kind: "report",
    results: Object.freeze(given.results),
    notes: Object.freeze([...given.notes])
  })
}
