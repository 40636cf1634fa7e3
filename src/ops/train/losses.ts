/** The losses: one list, from which schemas, names, the catalogue and the documentation are made. */
import type { Misfit } from "../../pipeline/check.ts"
import { type Choice, chosenFrom } from "../../pipeline/definition.ts"
import { named } from "../../pipeline/named.ts"
import { quoted } from "../../pipeline/words.ts"
import { asl } from "./losses/asl.ts"
import { circleLoss } from "./losses/circle.ts"
import type { Losses } from "./losses/combined.ts"
import { contrastiveAvg } from "./losses/contrastive-avg.ts"
import { csq } from "./losses/csq.ts"
import { happier } from "./losses/happier.ts"
import { hashNetLoss } from "./losses/hashnet.ts"
import { logRatioLoss } from "./losses/log-ratio.ts"
import type { Learned, Loss, LossDefinition } from "./losses/loss.ts"
import { marginDefinition } from "./losses/margin.ts"
import { mlXent } from "./losses/ml-xent.ts"
import { mlXentSmooth } from "./losses/ml-xent-smooth.ts"
import { mulsupcon } from "./losses/mulsupcon.ts"
import { multiSimilarityLoss } from "./losses/multi-similarity.ts"
import { oml } from "./losses/oml.ts"
import { proxyAnchorLoss } from "./losses/proxy-anchor.ts"
import { recallAtK } from "./losses/recall-at-k.ts"
import { roadmap } from "./losses/roadmap.ts"
import { smoothap } from "./losses/smoothap.ts"
import { sndl } from "./losses/sndl.ts"
import { supcon } from "./losses/supcon.ts"
import { tripletAvg } from "./losses/triplet-avg.ts"
import { tripletHard } from "./losses/triplet-hard.ts"
import { tripletLoss } from "./losses/triplet-mined.ts"
import { xent } from "./losses/xent.ts"

/** Every loss. A new loss is a file in `losses/` and its name here. */
export const losses = [
  contrastiveAvg,
  tripletAvg,
  tripletHard,
  oml,
  smoothap,
  supcon,
  mulsupcon,
  sndl,
  logRatioLoss,
  happier,
  roadmap,
  recallAtK,
  multiSimilarityLoss,
  circleLoss,
  marginDefinition,
  tripletLoss,
  proxyAnchorLoss,
  hashNetLoss,
  csq,
  xent,
  mlXent,
  mlXentSmooth,
  asl
] as const

type AnyLoss = (typeof losses)[number]
type On<Output> = Extract<AnyLoss, { readonly on: Output }>

/** The losses that `metric_loss` chooses from. */
export const metricLosses = losses.filter((one): one is On<"embeddings"> => one.on === "embeddings")
/** The losses that `id_loss` chooses from. */
export const idLosses = losses.filter((one): one is On<"logits"> => one.on === "logits")

/** The parameters of `optimise` that choose and weigh losses. */
export interface LossParams {
  readonly id_loss: Choice<On<"logits">> | "none"
  readonly metric_loss: Choice<On<"embeddings">> | "none"
  readonly loss_weight: readonly [id: number, metric: number]
  readonly compat: "none" | "original"
}

export const lossParams = {
  id_loss: named(idLosses, "The loss on logits.", "none", { none: true, flat: true }),
  metric_loss: named(metricLosses, "The loss on embeddings.", "oml", { none: true, flat: true })
}

const lossOf = (
  definitions: ReadonlyArray<LossDefinition>,
  choice: LossParams["id_loss" | "metric_loss"],
  compat: LossParams["compat"]
): Loss | undefined => {
  const chosen = chosenFrom(definitions, choice)
  return chosen?.definition.loss(chosen.own, compat)
}

/** The functions that a configuration chooses, with their weights. */
export const lossesOf = ({ compat, id_loss, loss_weight, metric_loss }: LossParams): Losses => ({
  id: lossOf(idLosses, id_loss, compat),
  metric: lossOf(metricLosses, metric_loss, compat),
  weight: loss_weight
})

/** The array that the chosen metric loss learns; undefined for a loss that learns none. */
export const learnedOf = (
  metric_loss: LossParams["metric_loss"],
  size: { readonly classes: number; readonly dim: number }
): Learned | undefined => {
  const chosen = chosenFrom<LossDefinition>(metricLosses, metric_loss)
  return chosen?.definition.learned?.(chosen.own, size)
}

/** Faults of a metric loss that cannot use a memory of earlier batches, or that cannot train a network of several branches. */
export const metricFaults = (
  { metric_loss }: LossParams,
  { memory, parts, signed }: { readonly memory: boolean; readonly parts: boolean; readonly signed: boolean }
): ReadonlyArray<Misfit> => {
  const definition = chosenFrom<LossDefinition>(metricLosses, metric_loss)?.definition
  const name = definition?.name ?? "none"
  const able = metricLosses.filter((one: LossDefinition) => one.memory === true).map((one) => one.name)
  const fault = (key: string, problem: string): ReadonlyArray<Misfit> => [{ path: [key], key: false, problem }]
  return [
    ...(memory && definition?.memory !== true
      ? fault("xbm", `cannot be used by \`metric_loss: ${name}\`; choose one of ${quoted(able)}, or omit \`xbm\``)
      : []),
    ...(parts && definition?.learned !== undefined
      ? fault("metric_loss", `\`${name}\` learns proxies for one embedding per image; omit \`parts\` of the model`)
      : []),
    ...(!signed && definition?.signed === true
      ? fault(
          "metric_loss",
          `\`${name}\` trains the signs of embeddings, which are never negative without \`embedding_dim\` of the model; set it to the number of bits`
        )
      : [])
  ]
}

/** Name of the chosen loss that cannot use labels with weights from 0 to 1; none if both can. */
export const hardLoss = ({ id_loss, metric_loss }: LossParams): string | undefined =>
  [id_loss, metric_loss]
    .flatMap((choice) => chosenFrom<LossDefinition>(losses, choice) ?? [])
    .find(({ definition, own }) => definition.soft?.(own) !== true)?.definition.name

/** Name of the chosen loss that accepts images of exactly one label only; none where every batch is accepted. */
export const oneLabelLoss = ({ compat, id_loss, metric_loss }: LossParams): string | undefined => {
  if (compat === "original") return undefined
  const chosen = [id_loss, metric_loss].map((choice) => chosenFrom<LossDefinition>(losses, choice)?.definition)
  return chosen.find((one) => one?.oneLabel === true)?.name
}

/**
 * Checks `loss_weight`: a weight for a loss that is `none` has no effect and is a fault, unless it is 0 or 1.
 *
 * @returns the weights in one form, 1 for a loss that is `none`
 */
export const settledWeights = ({
  id_loss,
  loss_weight,
  metric_loss
}: LossParams): { readonly weights: LossParams["loss_weight"]; readonly faults: ReadonlyArray<Misfit> } => {
  const absent = [id_loss === "none", metric_loss === "none"]
  const faults = (["id_loss", "metric_loss"] as const).flatMap((key, i): ReadonlyArray<Misfit> => {
    if (!absent[i] || loss_weight[i] === 0 || loss_weight[i] === 1) return []
    const problem = `has the weight ${loss_weight[i]} for \`${key}\`, which is \`none\`; choose that loss, or set the weight to 0`
    return [{ path: ["loss_weight"], key: false, problem }]
  })
  const [id, metric] = loss_weight.map((weight, i) => (absent[i] ? 1 : weight))
  return { weights: [id, metric], faults }
}
