/** Translates the losses of a file in the original's form. */
import { metricLosses } from "../../ops/train/losses.ts"
import type { ExperimentFile } from "./keys.ts"

type Train = NonNullable<ExperimentFile["train"]>

/** Losses that mine positives and negatives; the others do not read `sim_threshold` and `mining_strategy`. */
const MINED: ReadonlyArray<string> = metricLosses
  .filter(({ params }) => "sim_threshold" in params)
  .map(({ name }) => name)

/**
 * Returns the loss parameters of `optimise`. The original's files hold the parameters of all losses; only those of the
 * chosen losses are passed on, and `unusedLossKeys` names the others.
 */
export const lossParams = ({ id_loss, loss_weight, metric_loss, mining_strategy, sim_threshold }: Train) => {
  const mined = metric_loss !== undefined && MINED.includes(metric_loss)
  const [id, metric] = loss_weight ?? [1, 1]
  return {
    id_loss: id_loss ?? "none",
    metric_loss: metric_loss ?? "none",
    // The weight of an absent loss has no effect.
    loss_weight: [id_loss === undefined ? 1 : id, metric_loss === undefined ? 1 : metric],
    sim_threshold: mined ? sim_threshold : undefined,
    mining_strategy: mined ? mining_strategy : undefined
  }
}

/** Returns the keys of `train` that the chosen losses do not read. */
export const unusedLossKeys = (train: Train): ReadonlyArray<string> =>
  MINED.includes(train.metric_loss ?? "")
    ? []
    : (["sim_threshold", "mining_strategy"] as const).filter((key) => train[key] !== undefined)
