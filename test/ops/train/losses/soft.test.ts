/** Losses whose labels are weights from 0 to 1. */
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { mixed } from "../../../../src/ops/data/patches/mixup.ts"
import type { Engine } from "../../../../src/ops/tensor/engine.ts"
import { multiLabelCrossEntropy } from "../../../../src/ops/train/losses/ml-xent.ts"
import { relevanceOf } from "../../../../src/ops/train/losses/relations.ts"
import { hardLoss } from "../../../../src/ops/train/losses.ts"
import { optimise } from "../../../../src/ops/train/optimise.ts"
import { drain } from "../../../../src/pipeline/interpret.ts"
import { effect } from "../../../effect.ts"
import { opened } from "../../tensor/with-engine.ts"
import { batches, changing, message, services, temporaryFolder, tiny } from "../harness.ts"
import { expectDifferences } from "./differences.ts"
import { inputs } from "./inputs.ts"
import { lossOf } from "./loss-of.ts"

const able = ["ml_xent", "ml_xent_smooth", "asl", "supcon", "sndl", "log_ratio"]
const withSoft = inputs(6).chain((input) =>
  fc
    .array(fc.integer({ min: 0, max: 8 }), { minLength: input.labels.length, maxLength: input.labels.length })
    .map((eighths) => ({ ...input, soft: Float32Array.from(eighths, (n) => n / 8) }))
)

describe.each(able)("%s", (name) => {
  const loss = lossOf(name)

  it("gives the same numbers for weights of 0 and 1 as for labels", () => {
    fc.assert(
      fc.property(inputs(7), (input) => {
        expect(loss({ ...input, soft: Float32Array.from(input.labels) })).toEqual(loss(input))
      }),
      { numRuns: 40 }
    )
  })

  it("has the gradient that central differences give for any weights", () => {
    fc.assert(
      fc.property(withSoft, (input) => expectDifferences(loss, input)),
      { numRuns: 30 }
    )
  })
})

it("cross-entropy of mixed labels is the mixture of cross-entropies", () => {
  fc.assert(
    fc.property(inputs(6), fc.constantFrom(0.25, 0.5), (input, share) => {
      const others = input.labels.map((label) => 1 - label)
      const soft = Float32Array.from(input.labels, (label, i) => share * label + (1 - share) * others[i])
      const of = (labels: Uint8Array) => multiLabelCrossEntropy({ ...input, labels }).value
      const expected = share * of(input.labels) + (1 - share) * of(others)
      expect(multiLabelCrossEntropy({ ...input, soft }).value).toBeCloseTo(expected, 6)
    })
  )
})

it("relevance of mixed labels is minimum over maximum, or the cosine", () => {
  const labels = Float32Array.of(1, 0.5, 0, 0.5, 0.5, 0.25)
  expect(relevanceOf(labels, 2, "graded_jaccard")[1]).toBeCloseTo(1 / 1.75, 12)
  expect(relevanceOf(labels, 2, "cosine")[1]).toBeCloseTo(0.75 / Math.sqrt(1.25 * 0.5625), 12)
})

describe("training on mixed patches", () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened("wasm")
  })
  const mixing = changing(
    Stream.map((batch) =>
      mixed(
        batch,
        0.7,
        Int32Array.from({ length: batch.size }, (_, i) => (i + 1) % batch.size)
      )
    )
  )
  const trained = (given: Omit<Parameters<typeof optimise>[0], "model">) =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const training = drain(batches({ epochs: 1 }).pipe(mixing, optimise({ model: tiny, ...given })))
      return yield* Effect.provide(training, services(folder, engine))
    })

  effect("works with losses that use weights, over several batches, too", () =>
    trained({ metric_loss: "supcon", id_loss: "ml_xent", update_iter: 2 })
  )

  effect("is refused by the others, which are named", () =>
    Effect.gen(function* () {
      const refused = (name: string) =>
        `optimise: gets mixed patches, whose labels are weights, but \`${name}\` needs labels of 0 and 1. Omit \`mixup\`, or use \`ml_xent\`, \`ml_xent_smooth\` or \`asl\`, and \`supcon\`, \`sndl\` or \`log_ratio\` with a graded relation.`
      expect(yield* message(trained({ metric_loss: "oml" }))).toBe(refused("oml"))
      expect(yield* message(trained({ metric_loss: { name: "supcon", relation: "jaccard" } }))).toBe(refused("supcon"))
      expect(yield* message(trained({ metric_loss: "supcon", xbm: { size: 8 } }))).toBe(
        "optimise: gets mixed patches, whose labels are weights, but `xbm` needs labels of 0 and 1. Omit `xbm` or `mixup`."
      )
    })
  )

  it("is known for each loss", () => {
    const common = { id_loss: "none", loss_weight: [1, 1], compat: "none" } as const
    expect(hardLoss({ ...common, metric_loss: "supcon" })).toBeUndefined()
    expect(hardLoss({ ...common, metric_loss: "none", id_loss: "xent" })).toBe("xent")
    expect(hardLoss({ ...common, metric_loss: "triplet" })).toBe("triplet")
  })
})
