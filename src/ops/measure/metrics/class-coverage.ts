import { defineMetric } from "./metric.ts"

/** Results that are looked at. */
const DEPTH = 10

/** The figure `class coverage@10`: how often a class that a query has is found at all, which rare classes often are not. */
export const classCoverage = defineMetric({
  name: "class-coverage",
  label: `class coverage@${DEPTH}`,
  group: "standard",
  kind: "class",
  title: `for each class, share of the queries of that class with an image of the class among the first ${DEPTH}`,
  note: `Class coverage@${DEPTH} is the share of the queries of a class that find an image of the class among the first ${DEPTH}; (mean) is over classes, so a rare class counts as much as a frequent one.`,
  of: (positions) => (positions[0] < DEPTH ? 1 : 0)
})
