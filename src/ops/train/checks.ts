/** What can be wrong with a batch, said before or after it was trained on. */
import { few } from "../../pipeline/words.ts"
import { missingPixels } from "../data/patches/pixels/missing-pixels.ts"
import type { Batch, NetworkFacts } from "../elements.ts"
import type { Model } from "../model/model.ts"
import type { Losses } from "./losses/combined.ts"
import { TrainError } from "./train-error.ts"

/** @throws TrainError where a batch is not what the network takes */
export const checkBatch = (batch: Batch, { params }: Model): void => {
  const fail = (problem: string, remedy: string) => {
    throw new TrainError({ subject: `batch of ${batch.names[0] ?? "nothing"} and others`, problem, remedy })
  }
  if (batch.bands.length !== params.channels) {
    fail(
      `has ${batch.bands.length} bands (${batch.bands.join(", ")}), but the network takes ${params.channels} channels`,
      "Set `channels` of the model to the number of bands that `read` gives"
    )
  }
  if (batch.classes.length !== params.num_classes) {
    fail(
      `has labels of ${batch.classes.length} classes, but the network has ${params.num_classes}`,
      "Set `num_classes` of the model to the number of classes"
    )
  }
}

/** @throws TrainError where a batch has other bands or classes than what the network was trained on so far */
export const checkNetwork = (batch: Batch, { bands, classes }: NetworkFacts): void => {
  for (const [what, had, has] of [
    ["bands", bands, batch.bands],
    ["classes", classes, batch.classes]
  ] as const) {
    if (had.join() === has.join()) continue
    throw new TrainError({
      subject: `batch of ${batch.names[0] ?? "nothing"} and others`,
      problem: `has the ${what} ${has.join(", ")}, but the network was trained on ${had.join(", ")}`,
      remedy: "Train on what it was trained on, or start anew with `--fresh`"
    })
  }
}

/**
 * @param loss name of the loss that needs images of exactly one label
 * @throws TrainError naming the first patch that has no label or several
 */
export const checkSingleLabels = ({ classes, labels, names, size }: Batch, loss: string): void => {
  for (let i = 0; i < size; i++) {
    const own = classes.filter((_, c) => labels[i * classes.length + c] !== 0)
    if (own.length === 1) continue
    throw new TrainError({
      subject: `patch ${names[i]}`,
      problem: `has ${own.length === 0 ? "no label" : `${own.length} labels (${own.join(", ")})`}, but \`${loss}\` takes patches of one label`,
      remedy: "Use `id_loss: ml_xent`"
    })
  }
}

/** @throws TrainError where there is nothing to train by */
export const checkLosses = ({ id, metric, weight }: Losses): void => {
  if ((id !== undefined && weight[0] > 0) || (metric !== undefined && weight[1] > 0)) return
  throw new TrainError({
    subject: "optimise",
    problem: "has no loss of a weight above 0",
    remedy: "Set `metric_loss` or `id_loss`, and its weight in `loss_weight`"
  })
}

const subjectOf = (epoch: number, step: number): string => `epoch ${epoch + 1}, step ${step + 1}`

/** @throws TrainError naming epoch, step and patches where a patch has values that are missing */
export const checkPixels = (batch: Batch, step: number): void => {
  const bad = missingPixels(batch).map(({ name }) => name)
  if (bad.length === 0) return
  throw new TrainError({
    subject: subjectOf(batch.epoch, step),
    problem: `values that are no finite numbers stand in ${few(bad, 8)}`,
    remedy: "Mend these patches, or take them out of the split; checkpoints so far are kept"
  })
}

const KEPT = "in another folder (`--out`) checkpoints so far are kept, and `pretrained` can start from one"

/** @throws TrainError naming epoch, step and patches where a loss is not finite; a lower rate makes another run */
export const checkLoss = (loss: number, batches: ReadonlyArray<Batch>, step: number): void => {
  if (Number.isFinite(loss)) return
  const [{ epoch }] = batches
  const patches = batches.flatMap(({ names }) => names)
  throw new TrainError({
    subject: subjectOf(epoch, step),
    problem: `the loss is ${loss} on patches ${few(patches, 8)}`,
    remedy: `Lower \`learning_rate\`${epoch > 0 ? `; ${KEPT}` : ""}`
  })
}
