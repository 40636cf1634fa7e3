import { defineMetric } from "./metric.ts"

/**
 * Average precision without interpolation: the mean of the precisions at the relevant images.
 *
 * @param positions 0-based ranks of all relevant images, ascending; at least one
 * @example
 * plainAveragePrecision([1]) // => 0.5
 */
export const plainAveragePrecision = (positions: ArrayLike<number>): number => {
  let sum = 0
  for (let j = 0; j < positions.length; j++) sum += (j + 1) / (positions[j] + 1)
  return sum / positions.length
}

/** The figure `plain mAP`. */
export const plainMap = defineMetric({
  name: "map",
  label: "plain mAP",
  group: "standard",
  kind: "relation",
  depths: "none",
  title: "mean of the precisions at relevant images, without interpolation",
  of: (positions) => plainAveragePrecision(positions)
})

/** The figure `class mAP`. */
export const classMap = defineMetric({
  name: "class-map",
  label: "class mAP",
  group: "standard",
  kind: "class",
  title: "for each class, plain mAP over the queries of that class, where all images of the class are relevant",
  note: "Class mAP is the mean plain AP of the queries that have the class, where the images that have it are relevant; (mean) is over classes.",
  of: plainAveragePrecision
})
