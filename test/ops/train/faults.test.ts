/** What training says of batches, losses and parameters that it cannot work with. */
import { Effect, Stream } from "effect"
import { beforeAll, describe, expect } from "vitest"
import type { Batch } from "../../../src/ops/elements.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { optimise } from "../../../src/ops/train/optimise.ts"
import { drain } from "../../../src/pipeline/interpret.ts"
import { effect } from "../../effect.ts"
import { opened } from "../tensor/with-engine.ts"
import { batches, changing, message, services, temporaryFolder, tiny } from "./harness.ts"

let engine: Engine
beforeAll(async () => {
  engine = await opened("wasm")
})

/** Every patch but the first has two labels. */
const several = changing(
  Stream.map((batch) => ({
    ...batch,
    labels: batch.labels.map((label, at) => (at > 2 && at % 3 === 2 ? 1 : label))
  }))
)

describe("training on what it cannot take", () => {
  const failing = (change: (batch: Batch) => Batch, model = {}) =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const pipeline = batches().pipe(changing(Stream.map(change)), optimise({ model: { ...tiny, ...model } }))
      return yield* message(Effect.provide(drain(pipeline), services(folder, engine)))
    })

  effect("refuses patches with values that are no numbers, whatever the network makes of them", () =>
    Effect.gen(function* () {
      const spoilt = (value: number) => (batch: Batch) => {
        if (batch.epoch === 1) batch.images[batch.images.length - 1] = value
        return batch
      }
      const said =
        "epoch 2, step 3: values that are not finite occur in image5. Repair these patches or remove them from the split; existing checkpoints are kept."
      expect(yield* failing(spoilt(Number.NaN))).toBe(said)
      expect(yield* failing(spoilt(Number.NEGATIVE_INFINITY))).toBe(said)
    })
  )

  effect("where no value of a patch is missing, says how to go on with a lower rate", () =>
    Effect.gen(function* () {
      const huge = (from: number) => (batch: Batch) => ({
        ...batch,
        images: batch.epoch < from ? batch.images : batch.images.map(() => 1e38)
      })
      expect(yield* failing(huge(0))).toMatch(
        /^epoch 1, step 1: the loss is NaN on patches image0.*\. Lower `learning_rate`\.$/
      )
      expect(yield* failing(huge(1))).toMatch(
        /\. Lower `learning_rate`; with another run folder \(`--out`\) existing checkpoints are kept, and `pretrained` can start from one\.$/
      )
    })
  )

  effect("says what does not fit", () =>
    Effect.gen(function* () {
      expect(yield* failing((batch) => batch, { channels: 10 })).toContain(
        "has 2 bands (b1, b2), but the network has 10 input channels"
      )
      expect(yield* failing((batch) => batch, { num_classes: 19 })).toContain(
        "has labels of 3 classes, but the network has 19"
      )
    })
  )

  effect("says what it cannot train on, or by", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const said = (params: Partial<Parameters<typeof optimise>[0]>) =>
        message(
          Effect.provide(
            drain(batches({ epochs: 1, count: 1 }).pipe(several, optimise({ model: tiny, ...params }))),
            services(folder, engine)
          )
        )
      expect(yield* said({ id_loss: "xent" })).toBe(
        "patch image1: has 2 labels (y, z), but `xent` needs patches with exactly one label. Use `id_loss: ml_xent`."
      )
      const none =
        "optimise: has no loss with a weight above 0. Set `metric_loss` or `id_loss`, and its weight in `loss_weight`."
      expect(yield* said({ metric_loss: "none" })).toBe(none)
      expect(yield* said({ loss_weight: [1, 0] })).toBe(none)
    })
  )

  effect("blames the images for shapes that do not fit, and nothing else", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const thrown = (fault: Error) => {
        const failing: Engine = {
          ...engine,
          conv2d: () => {
            throw fault
          }
        }
        const program = drain(batches().pipe(optimise({ model: tiny })))
        return message(Effect.provide(program, services(folder, failing)))
      }
      expect(yield* thrown(new RangeError("an image of 1x1 pixels is smaller than a filter of 3x3."))).toBe(
        "training step: an image of 1x1 pixels is smaller than a filter of 3x3. Check the size of the images."
      )
      expect(yield* thrown(new Error("OOM when allocating tensor with shape[300]"))).toBe(
        "training step: does not fit the memory (OOM when allocating tensor with shape[300]). Use smaller batches or images."
      )
      expect(yield* thrown(new TypeError("no weights under the name x."))).toMatch(
        /^training step: failed \(TypeError: no weights under the name x\.\n.*\)\. This is a fault of orbitrank itself: please report it\.$/s
      )
    })
  )

  effect("says that no batch arrived", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const program = drain(batches().pipe(changing(Stream.take(0)), optimise({ model: tiny })))
      expect(yield* message(Effect.provide(program, services(folder, engine)))).toContain("no batch arrived")
    })
  )
})
