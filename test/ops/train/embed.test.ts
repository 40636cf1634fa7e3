/** Embedding with what training left: the weights of a checkpoint, of the epoch that is validated, of a file. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { beforeAll, describe, expect } from "vitest"
import { Embeddings, Report } from "../../../src/ops/elements.ts"
import { checkpointPath } from "../../../src/ops/model/weights/checkpoints.ts"
import { embed } from "../../../src/ops/retrieve/embeddings/embed.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { checkpoint } from "../../../src/ops/train/checkpoint.ts"
import { optimise } from "../../../src/ops/train/optimise.ts"
import { validate } from "../../../src/ops/train/validate.ts"
import { drain, toStream } from "../../../src/pipeline/interpret.ts"
import { operator } from "../../../src/pipeline/operator.ts"
import { effect } from "../../effect.ts"
import { balanced } from "../tensor/leaks.ts"
import { opened } from "../tensor/with-engine.ts"
import { batches, collected, makeBatch, message, services, temporaryFolder, tiny, training } from "./harness.ts"

let engine: Engine
beforeAll(async () => {
  engine = await opened("wasm")
})

const collect = (folder: string, pipeline: ReturnType<typeof training>, from = 0) =>
  collected(folder, engine, pipeline, from)

describe("embed", () => {
  effect("takes the weights of the epoch that validation follows, and frees them", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const first = operator({
        name: "first",
        about: "Reports one value of the embeddings.",
        from: Embeddings,
        to: Report,
        params: {},
        run: () => (stream) =>
          Stream.map(Stream.take(stream, 1), ({ vectors }) => ({
            kind: "report" as const,
            queries: 1,
            counted: 1,
            database: 1,
            results: { value: vectors.reduce((sum, x, i) => sum + x * (i % 7), 0) },
            notes: []
          }))
      })
      const inner = batches({ epochs: 1 }).pipe(embed({ model: tiny }), first())
      const pipeline = batches({ epochs: 2 }).pipe(optimise({ model: tiny }), checkpoint(), validate({ with: inner }))
      const steps = yield* balanced(
        engine,
        Effect.provide(Stream.runCollect(toStream(pipeline)), services(folder, engine))
      )
      const values = steps.flatMap(({ validation }) => validation?.value ?? [])
      expect(values.length).toBe(2)
      expect(values[0]).not.toBe(values[1])
      const [after] = yield* Effect.provide(Stream.runCollect(toStream(inner)), services(folder, engine))
      expect(after.results.value).toBe(values[1])
    })
  )

  const embedded = (folder: string, weights: string) =>
    Effect.provide(
      Stream.runCollect(toStream(batches({ epochs: 1 }).pipe(embed({ model: tiny, weights })))),
      services(folder, engine)
    )

  effect("gives rows of length one, labels and names, and leaves no tensor alive", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const [first, second] = yield* balanced(engine, embedded(folder, "initial"))
      expect(first.names).toEqual(["image0", "image1", "image2", "image3", "image4", "image5"])
      expect(second.labels).toEqual(makeBatch(0, 6, 6).labels)
      for (let row = 0; row < first.size; row++) {
        const vector = first.vectors.subarray(row * first.dim, (row + 1) * first.dim)
        expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
      }
    })
  )

  effect("takes the newest checkpoint, or a file by its path", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* collect(folder, training(2))
      const newest = yield* balanced(engine, embedded(folder, "newest"))
      const path = checkpointPath(join(folder, "checkpoints"), 2)
      expect(existsSync(path)).toBe(true)
      expect(yield* embedded(folder, path)).toEqual(newest)
      expect(newest[0].vectors).not.toEqual((yield* embedded(folder, "initial"))[0].vectors)
    })
  )

  effect("says where weights are missing or of another network", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      expect(yield* message(embedded(folder, "newest"))).toContain("holds no checkpoint")
      expect(yield* message(embedded(folder, join(folder, "none.safetensors")))).toContain("none.safetensors")
      yield* collect(folder, training(1))
      const other = batches({ epochs: 1 }).pipe(embed({ model: { ...tiny, channels: 10 } }))
      expect(yield* message(Effect.provide(drain(other), services(folder, engine)))).toContain(
        "epoch_0001.safetensors: has arrays of other shapes: encoder.encoder_block0.0.weight [32, 2, 7, 7] for [32, 10, 7, 7]"
      )
    })
  )
})
