/** Pixels that are no numbers do not become embeddings, on whatever engine. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Result, Stream } from "effect"
import { beforeAll, describe, expect } from "vitest"
import type { Embeddings } from "../../../../src/ops/elements.ts"
import { embed } from "../../../../src/ops/retrieve/embeddings/embed.ts"
import { save } from "../../../../src/ops/retrieve/embeddings/save.ts"
import { Run } from "../../../../src/ops/run.ts"
import { type Engine, TensorEngine } from "../../../../src/ops/tensor/engine.ts"
import { toStream } from "../../../../src/pipeline/interpret.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"
import { devices, opened } from "../../tensor/with-engine.ts"
import { batches, changing, tiny } from "../../train/harness.ts"

const model = { ...tiny, backbone: "resnet10-slim" } as const

/** Two batches of three images; the second band of images 1 and 5 is half NaN, and image 3 holds an infinite pixel. */
const spoilt = batches({ epochs: 1, count: 2, size: 3 }).pipe(
  changing(
    Stream.map((batch) => {
      const length = batch.images.length / batch.size
      batch.names.forEach((name, i) => {
        if (name === "image3") batch.images[i * length] = Number.POSITIVE_INFINITY
        if (name !== "image1" && name !== "image5") return
        for (let at = 1; at < length / 2; at += 2) batch.images[i * length + at] = Number.NaN
      })
      return batch
    })
  )
)

describe.each(devices)("embedding on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })

  const saved = Effect.fnUntraced(function* (on_bad_patch: "fail" | "skip") {
    const fake = yield* fakeRun
    const pipeline = spoilt.pipe(embed({ model, weights: "initial", on_bad_patch }), save())
    const result = yield* Effect.result(
      Stream.runCollect(toStream(pipeline)).pipe(
        Effect.provideService(Run, fake.run),
        Effect.provideService(TensorEngine, { open: Effect.succeed(engine) })
      )
    )
    return { fake, result }
  })

  effect("fails with the names of all patches whose pixels are not numbers, and writes nothing", () =>
    Effect.gen(function* () {
      const { fake, result } = yield* saved("fail")
      expect(Result.isFailure(result) && (result.failure as Error).message).toBe(
        "embed: 3 bad patches: image1: pixels of b2 are NaN or infinite; image3: pixels of b1 are NaN or infinite; image5: pixels of b2 are NaN or infinite. Repair them, or leave them out with `on_bad_patch: skip`."
      )
      expect(existsSync(join(fake.folder, "embeddings.npy"))).toBe(false)
    })
  )

  effect("leaves them out if asked to, and embeds the others as it would without them", () =>
    Effect.gen(function* () {
      const { fake, result } = yield* saved("skip")
      const all = Result.isSuccess(result) ? (result.success as ReadonlyArray<Embeddings>) : []
      expect(all.map(({ names }) => names)).toEqual([["image0", "image2"], ["image4"]])
      expect(all.flatMap(({ vectors }) => [...vectors]).every(Number.isFinite)).toBe(true)
      expect(all.map(({ labels }) => [...labels])).toEqual([
        [1, 0, 0, 0, 0, 1],
        [0, 1, 0]
      ])
      expect(fake.recorded["skipped.embed"]).toHaveLength(3)
      const rows = readFileSync(join(fake.folder, "embeddings.csv"), "utf8").split("\n")
      expect(rows.slice(1, 4).map((row) => row.split(",")[0])).toEqual(["image0", "image2", "image4"])
    })
  )
})
