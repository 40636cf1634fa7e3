import { join } from "node:path"
import { Effect, Stream } from "effect"
import { describe, expect } from "vitest"
import { publish } from "../../../../src/ops/model/publish.ts"
import { runtimeInstalled } from "../../../../src/ops/onnx/runtime.ts"
import { embed } from "../../../../src/ops/retrieve/embeddings/embed.ts"
import { checkpoint } from "../../../../src/ops/train/checkpoint.ts"
import { optimise } from "../../../../src/ops/train/optimise.ts"
import { drain, toStream } from "../../../../src/pipeline/interpret.ts"
import { effect } from "../../../effect.ts"
import { opened } from "../../tensor/with-engine.ts"
import { batches, services, temporaryFolder, tiny } from "../../train/harness.ts"

describe.skipIf(!runtimeInstalled())("a trained network", () => {
  effect("embeds as ONNX as it embeds here, from its file alone", () =>
    Effect.gen(function* () {
      const engine = yield* Effect.promise(() => opened("wasm"))
      const run = yield* temporaryFolder
      const provided = Effect.provide(services(run, engine))
      const training = batches({ epochs: 1 }).pipe(optimise({ model: tiny }), checkpoint({}), publish({ as: "onnx" }))
      yield* drain(training).pipe(provided)
      const embedded = (params: Parameters<typeof embed>[0]) =>
        Effect.map(
          Stream.runCollect(toStream(batches({ epochs: 1 }).pipe(embed(params)))).pipe(provided),
          ([one]) => one
        )
      const here = yield* embedded({ model: tiny })
      const onnx = yield* embedded({ onnx: join(run, "weights.onnx") })
      expect([onnx.dim, onnx.size, onnx.names]).toEqual([here.dim, here.size, here.names])
      const worst = Math.max(...onnx.vectors.map((value, i) => Math.abs(value - here.vectors[i])))
      expect(worst).toBeLessThanOrEqual(1e-5)
    })
  )
})
