/** The metrics: one list, from which names, columns, notes and the documentation are made. */
import { acg } from "./metrics/acg.ts"
import { meanAveragePrecision } from "./metrics/average-precision.ts"
import { classCoverage } from "./metrics/class-coverage.ts"
import { idealNdcg } from "./metrics/ideal-ndcg.ts"
import { jaccardNdcg, labelSimilarityMetric } from "./metrics/label-similarity.ts"
import { mapAtK } from "./metrics/map-at-k.ts"
import { mapAtR } from "./metrics/map-at-r.ts"
import type { Metric } from "./metrics/metric.ts"
import { mrr } from "./metrics/mrr.ts"
import { ndcg } from "./metrics/ndcg.ts"
import { classMap, plainMap } from "./metrics/plain-average-precision.ts"
import { precisionMetric } from "./metrics/plain-precision.ts"
import { precision } from "./metrics/precision.ts"
import { precisionRecall } from "./metrics/precision-recall.ts"
import { rPrecisionMetric } from "./metrics/r-precision.ts"
import { recall } from "./metrics/recall.ts"
import { wap } from "./metrics/wap.ts"

/** Every metric, in the order of reports. A new metric is a file in `metrics/` and its name here. */
export const metrics = [
  meanAveragePrecision,
  precision,
  acg,
  ndcg,
  wap,
  precisionMetric,
  recall,
  rPrecisionMetric,
  mrr,
  plainMap,
  mapAtR,
  mapAtK,
  idealNdcg,
  classMap,
  classCoverage,
  labelSimilarityMetric,
  jaccardNdcg,
  precisionRecall
] as const satisfies ReadonlyArray<Metric>

type AnyMetric = (typeof metrics)[number]

/** Names of the metrics that can be chosen one by one: all but the original's. */
export type StandardMetric = Extract<AnyMetric, { readonly group: "standard" }>["name"]

/** The metrics that can be chosen one by one. */
export const standard = metrics.filter((one) => one.group === "standard")

/** Their names. */
export const standardMetrics: ReadonlyArray<StandardMetric> = standard.map(({ name }) => name)
