/** Checks of a batch, before and after the network is trained on it. */
import { few } from "../../pipeline/words.ts"
import { missingPixels } from "../data/patches/pixels/missing-pixels.ts"
import type { Batch, NetworkFacts } from "../elements.ts"
import type { Model } from "../model/model.ts"
import type { Losses } from "./losses/combined.ts"
import { TrainError } from "./train-error.ts"

/** @throws TrainError if the bands or classes of a batch do not fit the network */
export const checkBatch = (batch: Batch, { params }: Model): void => {
  const fail = (problem: string, remedy: string) => {
    throw new TrainError({ subject: `batch of ${batch.names[0] ?? "nothing"} and others`, problem, remedy })
  }
  if (batch.bands.length !== params.channels) {
    fail(
      `has ${batch.bands.length} bands (${batch.bands.join(", ")}), but the network has ${params.channels} input channels`,
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

/** @throws TrainError if a batch has other bands or classes than the batches before it */
export const checkNetwork = (batch: Batch, { bands, classes }: NetworkFacts): void => {
  for (const [what, had, has] of [
    ["bands", bands, batch.bands],
    ["classes", classes, batch.classes]
  ] as const) {
    if (had.join() === has.join()) continue
    throw new TrainError({
      subject: `batch of ${batch.names[0] ?? "nothing"} and others`,
      problem: `has the ${what} ${has.join(", ")}, but the network was trained on ${had.join(", ")}`,
      remedy: "Use the data that the training began with, or start anew with `--fresh`"
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
      problem: `has ${own.length === 0 ? "no label" : `${own.length} labels (${own.join(", ")})`}, but \`${loss}\` needs patches with exactly one label`,
      remedy: "Use `id_loss: ml_xent`"
    })
  }
}

/**
 * @param hard name of the loss that cannot use labels with weights
 * @param remembers whether `xbm` keeps a memory of earlier batches, which cannot hold weights
 * @throws TrainError if the patches are mixtures and the losses or the memory cannot use them
 */
export const checkSoft = ({ soft }: Batch, hard: string | undefined, remembers: boolean): void => {
  if (soft === undefined || (hard === undefined && !remembers)) return
  throw new TrainError({
    subject: "optimise",
    problem: `gets mixed patches, whose labels are weights, but \`${hard ?? "xbm"}\` needs labels of 0 and 1`,
    remedy:
      hard === undefined
        ? "Omit `xbm` or `mixup`"
        : "Omit `mixup`, or use `ml_xent`, `ml_xent_smooth` or `asl`, and `supcon`, `sndl` or `log_ratio` with a graded relation"
  })
}

/** @throws TrainError if no loss has a weight above 0 */
export const checkLosses = ({ id, metric, weight }: Losses): void => {
  if ((id !== undefined && weight[0] > 0) || (metric !== undefined && weight[1] > 0)) return
  throw new TrainError({
    subject: "optimise",
    problem: "has no loss with a weight above 0",
    remedy: "Set `metric_loss` or `id_loss`, and its weight in `loss_weight`"
  })
}

const subjectOf = (epoch: number, step: number): string => `epoch ${epoch + 1}, step ${step + 1}`

/** @throws TrainError naming epoch, step and patches if a patch holds values that are not finite */
export const checkPixels = (batch: Batch, step: number): void => {
  const bad = missingPixels(batch).map(({ name }) => name)
  if (bad.length === 0) return
  throw new TrainError({
    subject: subjectOf(batch.epoch, step),
    problem: `values that are not finite occur in ${few(bad, 8)}`,
    remedy: "Repair these patches or remove them from the split; existing checkpoints are kept"
  })
}

const KEPT = "with another run folder (`--out`) existing checkpoints are kept, and `pretrained` can start from one"

/** @throws TrainError naming epoch, step and patches if a loss is not finite; a lower learning rate is another run */
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
