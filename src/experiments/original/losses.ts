/** Translates the losses of a file in the original's form. */
import { losses } from "../../ops/train/losses.ts"
import type { ExperimentFile } from "./keys.ts"

type Train = NonNullable<ExperimentFile["train"]>

/** Keys of `train` that belong to some losses only. */
const OWN_KEYS = ["sim_threshold", "mining_strategy"] as const

/** Whether one of the chosen losses has a parameter. */
const isRead = ({ id_loss, metric_loss }: Train, key: string): boolean =>
  losses.some(({ name, params }) => (name === id_loss || name === metric_loss) && key in params)

/**
 * Returns the loss parameters of `optimise`. The original's files hold the parameters of all losses; only those of the
 * chosen losses are passed on, and `unusedLossKeys` names the others.
 */
export const lossParams = (train: Train) => {
  const { id_loss, loss_weight: [id, metric] = [1, 1], metric_loss } = train
  return {
    id_loss: id_loss ?? "none",
    metric_loss: metric_loss ?? "none",
    // The weight of an absent loss has no effect.
    loss_weight: [id_loss === undefined ? 1 : id, metric_loss === undefined ? 1 : metric],
    ...Object.fromEntries(OWN_KEYS.filter((key) => isRead(train, key)).map((key) => [key, train[key]]))
  }
}

/** Returns the keys of `train` that the chosen losses do not read. */
export const unusedLossKeys = (train: Train): ReadonlyArray<string> =>
  OWN_KEYS.filter((key) => train[key] !== undefined && !isRead(train, key))
