/** What can be wrong with a batch, said before or after it was trained on. */
import type { Batch } from "../elements.ts"
import type { Model } from "../model/model.ts"
import { TrainError } from "./errors.ts"

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

/** Names the patches of a batch that hold values that are no numbers, or its first ones. */
const suspects = (batch: Batch): string => {
  const size = batch.images.length / batch.size
  const bad = batch.names.filter((_, i) => !batch.images.subarray(i * size, (i + 1) * size).every(Number.isFinite))
  const named = bad.length > 0 ? bad : batch.names
  const rest = named.length > 8 ? ` and ${named.length - 8} more` : ""
  return `${bad.length > 0 ? "patches with missing values" : "patches"} ${named.slice(0, 8).join(", ")}${rest}`
}

/** @throws TrainError naming epoch, step and patches where a loss is not finite */
export const checkLoss = (loss: number, batch: Batch, step: number): void => {
  if (Number.isFinite(loss)) return
  throw new TrainError({
    subject: `epoch ${batch.epoch + 1}, step ${step + 1}`,
    problem: `the loss is ${loss} on ${suspects(batch)}`,
    remedy: "Lower the learning rate, or leave such patches out"
  })
}
