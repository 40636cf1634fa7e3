import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { beforeAll, describe, expect } from "vitest"
import { Batch, Report, type TrainStep } from "../../../src/ops/elements.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { curve } from "../../../src/ops/train/curve.ts"
import { optimise } from "../../../src/ops/train/optimise.ts"
import { validate } from "../../../src/ops/train/validate.ts"
import { toStream } from "../../../src/pipeline/interpret.ts"
import { operator } from "../../../src/pipeline/operator.ts"
import { effect } from "../../effect.ts"
import { opened } from "../tensor/with-engine.ts"
import { batches, collected, makeBatch, services, temporaryFolder, tiny, training } from "./harness.ts"

let engine: Engine
beforeAll(async () => {
  engine = await opened("wasm")
})

const collect = (folder: string, pipeline: ReturnType<typeof training>, from = 0) =>
  collected(folder, engine, pipeline, from)

/** A report from embeddings: not of retrieval, but of the weights that were used. */
const probe = operator({
  name: "probe",
  about: "Reports the first value of each embedding.",
  from: Batch,
  to: Report,
  params: {},
  run: () => (stream) =>
    Stream.mapEffect(Stream.take(stream, 1), (batch) =>
      Effect.succeed({
        kind: "report" as const,
        queries: 1,
        counted: 1,
        database: batch.size,
        results: { mAP: { hard: batch.images[0], easy: null }, "ACG@20": batch.epoch },
        notes: []
      })
    )
})

describe("curve", () => {
  effect("writes a line a step; figures of validation make columns", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const inner = batches({ epochs: 1 }).pipe(probe())
      const pipeline = batches({ epochs: 2 }).pipe(optimise({ model: tiny }), validate({ with: inner }), curve())
      const steps: ReadonlyArray<TrainStep> = yield* Effect.provide(
        Stream.runCollect(toStream(pipeline)),
        services(folder, engine)
      )
      const hard = makeBatch(0, 0, 6).images[0]
      expect(steps.map(({ validation }) => validation)).toEqual([
        undefined,
        { "mAP.hard": hard, "mAP.easy": Number.NaN, "ACG@20": 0 },
        undefined,
        { "mAP.hard": hard, "mAP.easy": Number.NaN, "ACG@20": 0 }
      ])
      const [header, ...lines] = readFileSync(join(folder, "curve.csv"), "utf8").trimEnd().split("\n")
      expect(header).toBe("epoch,step,learning_rate,loss,floor,id_loss,metric_loss,mAP.hard,ACG@20")
      expect(lines.map((line) => line.split(","))).toEqual(
        steps.map(({ epoch, step, learningRate, loss, floor, idLoss, metricLoss, validation }) => [
          ...[epoch + 1, step + 1, learningRate, loss, floor, idLoss, metricLoss].map(String),
          ...(validation === undefined ? ["", ""] : [String(hard), "0"])
        ])
      )
    })
  )

  effect("drops what a later run does again, and half a line", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* collect(folder, training(1))
      const path = join(folder, "curve.csv")
      const before = readFileSync(path, "utf8")
      writeFileSync(path, `${before}2,3,0.002,0.9,0.8\n2,4,0.00`)
      yield* collect(folder, training(2), 1)
      const after = readFileSync(path, "utf8")
      expect(after.startsWith(before)).toBe(true)
      expect(after.trimEnd().split("\n").length).toBe(1 + 4)
      expect(after).not.toContain("2,3,0.002,0.9")
    })
  )
})
