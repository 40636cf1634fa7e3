import { Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Flag, PositiveInt, param } from "../../../pipeline/param.ts"
import { Batch, Patch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { addToBatch, type Filling, finishBatch, startBatch } from "./filling-batch.ts"

/**
 * Groups patches, in their order. A batch ends when it is full and at the end of an epoch, so that no batch holds patches
 * of two epochs. A short batch is left out if `drop_last` is set.
 */
export const batch = operator({
  name: "batch",
  about: "Groups patches into batches of a fixed size, within an epoch.",
  from: Patch,
  to: Batch,
  params: {
    size: param(PositiveInt, "Patches per batch.", 64),
    drop_last: param(Flag, "Whether an epoch's last batch is left out if it is short.", false)
  },
  // Each cut but the last divides no batch; without short batches, the end of a range must not be one.
  each: ({ drop_last }) => !drop_last,
  together: ({ size }) => size,
  run:
    ({ size, drop_last }) =>
    (patches) => {
      const short = (filling: Filling | undefined) => (filling === undefined || drop_last ? [] : [finishBatch(filling)])
      const add = (open: Filling | undefined, patch: Patch): readonly [Filling | undefined, ReadonlyArray<Batch>] => {
        const ended = open !== undefined && open.first.epoch !== patch.epoch
        const out = ended ? short(open) : []
        const filling = open === undefined || ended ? startBatch(patch, size) : open
        addToBatch(filling, patch)
        return filling.names.length < size ? [filling, out] : [undefined, [...out, finishBatch(filling)]]
      }
      return Stream.mapAccumEffect(
        patches,
        (): Filling | undefined => undefined,
        (open, patch) => attempt(DataError)(() => add(open, patch)),
        { onHalt: short }
      )
    }
})
