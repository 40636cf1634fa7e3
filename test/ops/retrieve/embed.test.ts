import { Effect, Stream } from "effect"
import { describe, expect } from "vitest"
import { type EmbedError, embed } from "../../../src/ops/retrieve/embed.ts"
import { type EngineMemoryError, openEngine } from "../../../src/ops/tensor/engine.ts"
import { toStream } from "../../../src/pipeline/interpret.ts"
import { effect } from "../../effect.ts"
import { balanced } from "../tensor/leaks.ts"
import { batches, services, temporaryFolder, tiny } from "../train/harness.ts"

interface Given {
  readonly threads: number
  readonly memory?: number
  readonly channels?: number
}

/** Embeddings of seven batches of untrained weights. */
const embedded = ({ channels = 2, memory, threads }: Given) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const engine = yield* openEngine("wasm", { memory, threads })
    const pipeline = batches({ epochs: 1, count: 7, size: 5 }).pipe(
      embed({ model: { ...tiny, channels }, weights: "initial" })
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
