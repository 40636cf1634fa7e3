import { Effect, Stream } from "effect"
import { describe, expect } from "vitest"
import { drawnWeights, makeModel } from "../../../../src/ops/model/model.ts"
import { type EmbedError, embed } from "../../../../src/ops/retrieve/embeddings/embed.ts"
import { type EngineMemoryError, openEngine } from "../../../../src/ops/tensor/engine.ts"
import { toStream } from "../../../../src/pipeline/interpret.ts"
import { effect } from "../../../effect.ts"
import { balanced } from "../../tensor/leaks.ts"
import { batches, services, temporaryFolder, tiny } from "../../train/harness.ts"

interface Given {
  readonly threads: number
  readonly predict?: boolean
  readonly memory?: number
  readonly channels?: number
}

/** Embeddings of seven batches of untrained weights. */
const embedded = ({ channels = 2, memory, predict = false, threads }: Given) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const engine = yield* openEngine("wasm", { memory, threads })
    const pipeline = batches({ epochs: 1, count: 7, size: 5 }).pipe(
      embed({ model: { ...tiny, channels }, weights: "initial", predict })
    )
    const program = Effect.provide(Stream.runCollect(toStream(pipeline)), services(folder, engine))
    return yield* balanced(engine, program)
  })

const failure = (given: Given) =>
  Effect.map(Effect.flip(embedded(given)), (error) => error as EmbedError | EngineMemoryError)

describe("embedding on worker threads", () => {
  effect("gives the same as on one, in the same order", () =>
    Effect.gen(function* () {
      const one = yield* embedded({ threads: 1 })
      expect(one).toHaveLength(7)
      expect(yield* embedded({ threads: 2 })).toEqual(one)
    })
  )

  effect("predicts a label where the sigmoid of its logit is at least one half", () =>
    Effect.gen(function* () {
      const [one, two] = [
        yield* embedded({ predict: true, threads: 1 }),
        yield* embedded({ predict: true, threads: 2 })
      ]
      expect(two).toEqual(one)
      const model = makeModel(tiny)
      const classifier = drawnWeights(model, 7).find(({ name }) => name === "head.head.fc.weight")?.data ?? []
      const predicted = one.flatMap((batch) => [...(batch.predicted ?? [])])
      // Dividing a vector by its length changes no sign.
      const signs = one.flatMap(({ dim, size, vectors }) =>
        Array.from({ length: size * tiny.num_classes }, (_, at) => {
          const [image, label] = [Math.floor(at / tiny.num_classes), at % tiny.num_classes]
          let logit = 0
          for (let k = 0; k < dim; k++) logit += vectors[image * dim + k] * classifier[label * dim + k]
          return 1 / (1 + Math.exp(-logit)) >= 0.5 ? 1 : 0
        })
      )
      expect(predicted).toEqual(signs)
      expect(new Set(predicted)).toEqual(new Set([0, 1]))
    })
  )

  effect("fails as on one, where the images do not fit the network or the memory", () =>
    Effect.gen(function* () {
      for (const given of [{ channels: 3 }, { memory: 2 ** 20 }]) {
        const [here, there] = [yield* failure({ ...given, threads: 1 }), yield* failure({ ...given, threads: 2 })]
        expect(there._tag).toBe(here._tag)
        // Of batches side by side, either may be the first to fail.
        expect(there.subject.replace("image5", "image0")).toBe(here.subject)
      }
    })
  )
})
