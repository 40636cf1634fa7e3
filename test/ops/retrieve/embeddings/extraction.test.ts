import type { Worker } from "node:worker_threads"
import { Effect, type Scope, Stream } from "effect"
import { describe, expect } from "vitest"
import type { Batch } from "../../../../src/ops/elements.ts"
import { runtimeInstalled } from "../../../../src/ops/onnx/runtime.ts"
import { embed } from "../../../../src/ops/retrieve/embeddings/embed.ts"
import { batchesTogether, openExtraction } from "../../../../src/ops/retrieve/embeddings/extraction.ts"
import { Run } from "../../../../src/ops/run.ts"
import { type Engine, openEngine } from "../../../../src/ops/tensor/engine.ts"
import { toStream } from "../../../../src/pipeline/interpret.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"
import { type Case, cases, modelOf, paramsOf } from "../../model/cases.ts"
import { recordedInput, ruled } from "../../model/recorded.ts"
import { starting } from "../../tensor/with-engine.ts"
import { batches, collected, message, services, temporaryFolder, tiny, training } from "../../train/harness.ts"

/** A recorded network of each family, and of each attention, head and pooling. */
const CHOSEN = [
  ...["resnet50_ibn_a", "se_resnext50_32x4d", "vgg16"],
  ...["resnet18-cbam", "resnet18-da", "resnet18-parts-3rows-4px", "efficientnet-b0-gem"]
]

const batchOf = ({ input, input_phase }: Case): Batch => {
  const [size, channels, height, width] = input
  return {
    kind: "batch",
    ...{ epoch: 0, size, height, width, images: recordedInput(input, input_phase) },
    names: Array.from({ length: size }, (_, i) => `image${i}`),
    indices: Int32Array.from({ length: size }, (_, i) => i),
    bands: Array.from({ length: channels }, (_, c) => `b${c}`),
    labels: new Uint8Array(0),
    classes: []
  }
}

/** What a network gives for its recorded images. @param opened size of the images for which it is opened */
const extracted = (engine: Engine, one: Case, opened?: { readonly height: number; readonly width: number }) => {
  const model = modelOf(one)
  const arrays = model.parameters.map((parameter) => ruled(parameter, one))
  const batch = batchOf(one)
  return Effect.flatMap(
    openExtraction(engine, model, { model: paramsOf(one), arrays, predict: true }, opened ?? batch),
    (extract) => extract(batch)
  )
}

/** Runs a program, and returns what it said and recorded, too. */
const running = <A, E>(program: Effect.Effect<A, E, Run | Scope.Scope>) =>
  Effect.gen(function* () {
    const { recorded, run, said } = yield* fakeRun
    const value = yield* Effect.scoped(Effect.provideService(program, Run, run))
    return { recorded, said, value }
  })

const NONE = new Float32Array(0)
/** Largest difference as a share of the largest value. */
const gap = (found: Float32Array = NONE, wanted: Float32Array = NONE): number => {
  expect(found).toHaveLength(wanted.length)
  const most = wanted.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  return found.reduce((max, value, i) => Math.max(max, Math.abs(value - wanted[i])), 0) / most
}

describe.skipIf(!runtimeInstalled())("extraction by ONNX Runtime (onnxruntime-node)", () => {
  for (const id of CHOSEN) {
    effect(`equals WebAssembly to 1e-5: ${id}`, () =>
      Effect.gen(function* () {
        const one = cases.find((found) => found.id === id) as Case
        const { value: here } = yield* running(extracted(yield* openEngine("onnx", { threads: 1 }), one))
        const { value: there } = yield* running(extracted(yield* openEngine("wasm"), one))
        expect(gap(here.vectors, there.vectors)).toBeLessThan(1e-5)
        expect(gap(here.probabilities, there.probabilities)).toBeLessThan(1e-5)
        expect(here.predicted).toEqual(there.predicted)
      })
    )
  }

  effect("serves the step embed, whose record names its weights as on WebAssembly", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const on = (engine: Engine) =>
        batches({ epochs: 1, count: 3, size: 5 }).pipe(embed({ model: tiny, weights: "initial" }), (pipeline) =>
          Effect.provide(Stream.runCollect(toStream(pipeline)), services(folder, engine))
        )
      const here = yield* on(yield* openEngine("onnx", { threads: 2 }))
      const there = yield* on(yield* openEngine("wasm"))
      expect(here.map(({ names, origin }) => [names, origin])).toEqual(
        there.map(({ names, origin }) => [names, origin])
      )
      for (const [i, { vectors }] of here.entries()) expect(gap(vectors, there[i].vectors)).toBeLessThan(1e-5)
      // The same threads give the same bits.
      const again = yield* on(yield* openEngine("onnx", { threads: 2 }))
      expect(again).toEqual(here)
    })
  )

  effect("opens the network anew for images of another size", () =>
    Effect.gen(function* () {
      const one = cases.find(({ id }) => id === "resnet18") as Case
      const onnx = yield* openEngine("onnx", { threads: 1 })
      const { value: direct } = yield* running(extracted(onnx, one))
      const { value: other } = yield* running(extracted(onnx, one, { height: 40, width: 48 }))
      expect(other).toEqual(direct)
    })
  )

  effect("is refused for training", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const onnx = yield* openEngine("onnx")
      expect(yield* message(collected(folder, onnx, training(1)))).toBe(
        "device onnx: ONNX Runtime computes embeddings, but does not train networks. Set `device: auto`."
      )
    })
  )

  // A VGG cannot be written for images of one pixel.
  const impossible = { height: 1, width: 1 }
  const vgg = cases.find(({ id }) => id === "vgg16") as Case

  effect("is an error by name where a network cannot be written as ONNX", () =>
    Effect.gen(function* () {
      const onnx = yield* openEngine("onnx")
      expect(yield* message(running(extracted(onnx, vgg, impossible)))).toMatch(
        /^vgg16: this network cannot be written as ONNX \(.*\)\. Set `device: wasm`, or `device: tensorflow`\.$/
      )
    })
  )

  effect("ends its thread at once where it gives way to the engine", () =>
    Effect.gen(function* () {
      const auto = yield* openEngine("auto", { project: yield* temporaryFolder })
      const started: Array<Worker> = []
      const see = (worker: Worker) => void started.push(worker)
      yield* Effect.acquireRelease(
        Effect.sync(() => process.on("worker", see)),
        () => Effect.sync(() => process.off("worker", see))
      )
      const opening = openExtraction(
        auto,
        modelOf(vgg),
        {
          model: paramsOf(vgg),
          arrays: modelOf(vgg).parameters.map((parameter) => ruled(parameter, vgg)),
          predict: false
        },
        impossible
      )
      // Within the scope of the extraction, whose other threads go on.
      const { value } = yield* running(Effect.map(opening, () => started[0].threadId))
      expect(value).toBe(-1)
    })
  )

  effect("gives way to the engine under `auto`, and says so", () =>
    Effect.gen(function* () {
      const auto = yield* openEngine("auto", { project: yield* temporaryFolder })
      const { recorded, said, value } = yield* running(extracted(auto, vgg, impossible))
      const { value: there } = yield* running(extracted(yield* openEngine("wasm"), vgg))
      expect(value).toEqual(there)
      expect(said).toEqual([
        expect.stringMatching(/^ {2}ONNX Runtime is not used: this network .*; embeddings are computed on wasm$/)
      ])
      expect(recorded).toHaveProperty(["engine.withoutInference"])
    })
  )
})

describe.runIf(starting)("extraction by graphs of TensorFlow", () => {
  effect("gives the same bits for batches that are extracted one by one and at the same time", () =>
    Effect.gen(function* () {
      const engine = yield* openEngine("tensorflow", { graph: true })
      const one = cases.find(({ id }) => id === "resnet18-cbam") as Case
      const model = modelOf(one)
      const arrays = model.parameters.map((parameter) => ruled(parameter, one))
      const { images, ...batch } = batchOf(one)
      const several = [1, 2, 3, 4, 5, 6, 7].map((factor) => ({
        ...batch,
        images: images.map((pixel) => pixel * factor)
      }))
      const extractedBy = (concurrency: number) =>
        Effect.gen(function* () {
          const network = { model: paramsOf(one), arrays, predict: true }
          const extract = yield* openExtraction(engine, model, network, batch)
          return yield* Effect.forEach(several, extract, { concurrency })
        })
      const { value: alone } = yield* running(extractedBy(1))
      const { value: together } = yield* running(extractedBy(batchesTogether(engine)))
      const { value: all } = yield* running(extractedBy(several.length))
      expect(together).toEqual(alone)
      expect(all).toEqual(alone)
    })
  )
})

describe("a batch that graphs refuse", () => {
  const refusing = (start: () => Promise<never>) =>
    Effect.gen(function* () {
      const engine = yield* openEngine("cpu")
      const one = cases.find(({ id }) => id === "resnet18-cbam") as Case
      const model = modelOf(one)
      const arrays = model.parameters.map((parameter) => ruled(parameter, one))
      const forward = () => ({ run: () => [], start, dispose: () => {} })
      const graphs = { forward, together: 2 } as unknown as NonNullable<Engine["graphs"]>
      const batch = batchOf(one)
      const network = { model: paramsOf(one), arrays, predict: true }
      const extracted = Effect.flatMap(openExtraction({ ...engine, graphs }, model, network, batch), (extract) =>
        Effect.flip(extract(batch))
      )
      return (yield* running(extracted)).value
    })

  effect("fails by name, whether TensorFlow refuses it at once or later", () =>
    Effect.gen(function* () {
      const atOnce = yield* refusing(() => {
        throw new Error("no room")
      })
      const later = yield* refusing(() => Promise.reject(new Error("no room")))
      expect([atOnce, later].map(({ _tag, message: text }) => [_tag, text])).toEqual(
        new Array(2).fill(["EmbedError", expect.stringContaining("batch of image0 and others: no room")])
      )
    })
  )
})
