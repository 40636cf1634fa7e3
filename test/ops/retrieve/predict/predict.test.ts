import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { Batch, type Predictions } from "../../../../src/ops/elements.ts"
import { DataError } from "../../../../src/ops/formats/data-error.ts"
import { runtimeInstalled } from "../../../../src/ops/onnx/runtime.ts"
import { inOrder } from "../../../../src/ops/retrieve/predict/class-order.ts"
import { predict } from "../../../../src/ops/retrieve/predict/predict.ts"
import { Run } from "../../../../src/ops/run.ts"
import { openEngine, TensorEngine } from "../../../../src/ops/tensor/engine.ts"
import { toStream } from "../../../../src/pipeline/interpret.ts"
import { source } from "../../../../src/pipeline/operator.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"
import { imageBatches, networkFile } from "../../onnx/networks.ts"
import { batches, tiny } from "../../train/harness.ts"

const given = (all: ReadonlyArray<Batch>) =>
  source({ name: "given", about: "Batches.", to: Batch, params: {}, run: () => Stream.fromIterable(all) })()

describe("predict", () => {
  effect("writes labels and probabilities of our networks, and figures where images have labels", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const engine = yield* openEngine("wasm", { threads: 1 })
      const pipeline = batches({ epochs: 1, count: 2, size: 5 }).pipe(
        predict({ model: tiny, weights: "initial", to: "p" })
      )
      const found: ReadonlyArray<Predictions> = yield* Stream.runCollect(toStream(pipeline)).pipe(
        Effect.provideService(Run, fake.run),
        Effect.provideService(TensorEngine, { open: Effect.succeed(engine) })
      )
      expect(found).toHaveLength(2)
      expect(found[0].classes).toEqual(["x", "y", "z"])
      const values = found.flatMap(({ probabilities }) => [...probabilities])
      expect(values.every((p) => p > 0 && p < 1)).toBe(true)
      const [header, ...rows] = readFileSync(join(fake.folder, "p.csv"), "utf8").trim().split("\n")
      expect(header).toBe("name,x,y,z")
      expect(rows.map((row) => row.split(",")[0])).toEqual(found.flatMap(({ names }) => names))
      rows
        .flatMap((row) => row.split(",").slice(1).map(Number))
        .forEach((value, i) => void expect(value).toBeCloseTo(values[i], 6))
      const json = JSON.parse(readFileSync(join(fake.folder, "p.json"), "utf8"))
      expect(json).toHaveLength(10)
      for (const { labels, probabilities } of json) {
        const likely = Object.entries<number>(probabilities).filter(([, p]) => p >= 0.5)
        expect(labels).toEqual(likely.toSorted(([, a], [, b]) => b - a).map(([name]) => name))
      }
      expect(fake.recorded["predictions.p"]).toMatchObject({ images: 10, threshold: 0.5 })
      expect(JSON.parse(readFileSync(join(fake.folder, "p.figures.json"), "utf8"))).toEqual(
        fake.recorded["predictions.p"]
      )
      expect(fake.said.join("\n")).toContain("average precision")
      expect(fake.wrote.map((path) => path.slice(fake.folder.length + 1))).toEqual([
        "p.csv",
        "p.json",
        "p.figures.json"
      ])
    })
  )

  it("refuses parameters of another kind of network", () => {
    expect(() => predict({ model: tiny, activation: "softmax" })).toThrow(
      "predict.activation: belongs to `onnx`, but the network is that of `model` or `weights`"
    )
  })

  it("puts the labels of images into the order of the network's classes", () => {
    const images = { classes: ["sea", "land"], labels: Uint8Array.of(1, 0, 0, 1), size: 2 }
    expect(inOrder(images, 3, ["land", "ice", "sea"])).toEqual({
      classes: ["land", "ice", "sea"],
      labels: Uint8Array.of(0, 0, 1, 1, 0, 0)
    })
    expect(inOrder(images, 2, undefined).classes).toEqual(["sea", "land"])
    expect(inOrder({ ...images, classes: [] }, 2, undefined)).toEqual({
      classes: ["class 0", "class 1"],
      labels: undefined
    })
    expect(() => inOrder(images, 3, undefined)).toThrow(
      "the network predicts 3 classes, but the images have 2. Name the"
    )
    expect(() => inOrder(images, 2, ["sea", "ice"])).toThrow("classes that the network does not know (land)")
    expect(() => inOrder(images, 2, ["sea"])).toThrow("predicts 2 classes, but 1 are named")
  })
})

describe("predict by an ONNX file that cannot be read", () => {
  effect("fails with the message of the file, before anything runs", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const onnx = join(fake.folder, "damaged.onnx")
      writeFileSync(onnx, "no network")
      const failed = yield* Stream.runCollect(toStream(given(imageBatches(1, [1])).pipe(predict({ onnx })))).pipe(
        Effect.provideService(Run, fake.run),
        Effect.provideService(TensorEngine, { open: Effect.die(new Error("no engine is needed")) }),
        Effect.flip
      )
      expect(failed).toBeInstanceOf(DataError)
      expect(failed.message).toContain(onnx)
    })
  )
})

describe.skipIf(!runtimeInstalled())("predict by ONNX Runtime (onnxruntime-node)", () => {
  effect("takes the output as logits, and names classes as it is told", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const plain = () => imageBatches(1, [2, 1]).map((batch) => ({ ...batch, classes: [], labels: new Uint8Array(0) }))
      const classes = ["a", "b", "c", "d", "e"]
      const run = (activation: "softmax" | "sigmoid" | "none") =>
        Stream.runCollect(
          toStream(given(plain()).pipe(predict({ onnx: networkFile("vectors"), classes, activation, to: activation })))
        ).pipe(
          Effect.provideService(Run, fake.run),
          Effect.provideService(TensorEngine, { open: Effect.die(new Error("no engine is needed")) })
        )
      const rows = (found: ReadonlyArray<Predictions>) => found.flatMap(({ probabilities }) => [...probabilities])
      const logits = rows(yield* run("none"))
      const soft = yield* run("softmax")
      expect(soft[0].classes).toEqual(classes)
      for (let i = 0; i < 3; i++) {
        const powers = logits.slice(5 * i, 5 * i + 5).map(Math.exp)
        const sum = powers.reduce((a, b) => a + b)
        powers.forEach((power, c) => void expect(rows(soft)[5 * i + c]).toBeCloseTo(power / sum, 6))
      }
      const each = rows(yield* run("sigmoid"))
      each.forEach((p, i) => void expect(p).toBeCloseTo(1 / (1 + Math.exp(-logits[i])), 6))
      expect(fake.said).toEqual([])
    })
  )
})
