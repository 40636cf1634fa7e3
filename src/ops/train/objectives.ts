/** The losses by name. */
import type { Losses } from "./losses/combined.ts"
import type { Loss } from "./losses/loss.ts"
import { contrastiveAverage, tripletAverage, tripletHard } from "./losses/mined.ts"
import { multiLabelCrossEntropy } from "./losses/ml-xent.ts"
import { orderedMultiLabel } from "./losses/oml.ts"
import { smoothAveragePrecision } from "./losses/smoothap.ts"
import { crossEntropy } from "./losses/xent.ts"

/** What losses may be told, as `optimise` has it. */
export interface LossOptions {
  readonly sim_threshold: number
  readonly exclude_anchor: boolean
  readonly margin: number
  readonly temperature: number
  readonly compat: "none" | "original"
}

type Named = Readonly<Record<string, (options: LossOptions) => Loss>>

const averages = ({ exclude_anchor: excludeAnchor, margin, sim_threshold: threshold }: LossOptions) => ({
  excludeAnchor,
  margin,
  threshold
})

/** On embeddings. */
export const metricLosses = {
  contrastive_avg: (options) => (input) => contrastiveAverage(input, averages(options)),
  triplet_avg: (options) => (input) => tripletAverage(input, averages(options)),
  triplet_hard:
    ({ compat, margin, sim_threshold: threshold }) =>
    (input, choose) =>
      tripletHard(input, choose, { anchorAsPositive: compat === "original", margin, threshold }),
  oml:
    ({ temperature }) =>
    (input) =>
      orderedMultiLabel(input, { temperature }),
  smoothap:
    ({ sim_threshold: threshold, temperature }) =>
    (input) =>
      smoothAveragePrecision(input, { threshold, temperature })
} satisfies Named

/** On logits. */
export const idLosses = {
  xent: () => crossEntropy,
  ml_xent: () => multiLabelCrossEntropy
} satisfies Named

export type MetricLossName = "none" | keyof typeof metricLosses
export type IdLossName = "none" | keyof typeof idLosses

export const metricLossNames = ["none", "contrastive_avg", "triplet_avg", "triplet_hard", "oml", "smoothap"] as const
export const idLossNames = ["none", "xent", "ml_xent"] as const

export interface LossParams extends LossOptions {
  readonly id_loss: IdLossName
  readonly metric_loss: MetricLossName
  readonly loss_weight: readonly [number, number]
}

export const lossesOf = (params: LossParams): Losses => ({
  id: params.id_loss === "none" ? undefined : idLosses[params.id_loss](),
  metric: params.metric_loss === "none" ? undefined : metricLosses[params.metric_loss](params),
  weight: params.loss_weight
})
