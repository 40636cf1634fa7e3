/** Extraction by functions beside extraction operation by operation, on native TensorFlow. */
import { Effect } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { makeModel } from "../../../../../src/ops/model/model.ts"
import type { ModelParams } from "../../../../../src/ops/model/params.ts"
import { extractor } from "../../../../../src/ops/retrieve/embeddings/extract.ts"
import { type Engine, openEngine } from "../../../../../src/ops/tensor/engine.ts"
import {
  definitionOf,
  type FunctionBinding,
  functionsOf
} from "../../../../../src/ops/tensor/native/graph/functions.ts"
import { graphOf } from "../../../../../src/ops/tensor/native/graph/graph-def.ts"
import { type Backend, graphsOf } from "../../../../../src/ops/tensor/native/graph/graphs.ts"
import { BACKEND } from "../../../../../src/ops/tensor/native/ops.ts"
import { forwardOf } from "../../../../../src/ops/tensor/passes.ts"
import { loadNative, packageFolderOf } from "../../../../../src/ops/tensor/setup/load.ts"
import type { Tensor } from "../../../../../src/ops/tensor/tfjs.ts"
import { initialWeights } from "../../../model/initial.ts"
import { graphs, noise, starting } from "../../with-engine.ts"

const opened = (graph: boolean): Promise<Engine> => Effect.runPromise(openEngine("tensorflow", { graph }))

const batchOf = (size: number, pixels: number, seed: number) => {
  const images = Float32Array.from(noise([size, pixels, pixels, 2], seed).data)
  const names = Array.from({ length: size }, (_, i) => `image${i}`)
  const rows = { names, indices: Int32Array.from(names.keys()), labels: new Uint8Array(size) }
  return {
    kind: "batch",
    epoch: 0,
    size,
    images,
    height: pixels,
    width: pixels,
    bands: ["a", "b"],
    classes: ["x"],
    ...rows
  } as const
}

const networks: ReadonlyArray<readonly [pixels: number, Partial<ModelParams>]> = [
  [33, { backbone: "resnet10-slim" }],
  [32, { backbone: "resnet18", pooling: "gem" }],
  [32, { backbone: "resnet18", module: "cbam", pooling: "max" }],
  [32, { backbone: "resnet18", module: "da" }],
  [32, { backbone: "se_resnext50_32x4d" }],
  [32, { backbone: "efficientnet-b0" }],
  [32, { backbone: "vgg16" }]
]

describe.runIf(graphs)("extraction by functions", () => {
  let [graph, eager]: ReadonlyArray<Engine> = []
  beforeAll(async () => {
    ;[graph, eager] = [await opened(true), await opened(false)]
  })

  it.each(networks)("gives what operations give, for images of %i pixels and %o", (pixels, params) => {
    const model = makeModel({ backbone: "resnet18", pooling: "avg", channels: 2, num_classes: 3, ...params })
    const before = graph.live()
    const weights = initialWeights(model, 1)
    const both = [extractor(graph, model, weights, true), extractor(eager, model, weights, true)]
    for (const seed of [1, 2, 3, 4]) {
      const [of, expected] = both.map(({ extract }) => extract(batchOf(3, pixels, seed)))
      // Two batches run as operations, whose numbers are the same.
      const tolerance = seed <= 2 ? 0 : 1e-5
      const most = Math.max(...of.vectors.map((value, i) => Math.abs(value - expected.vectors[i])))
      expect(most, `batch ${seed}`).toBeLessThanOrEqual(tolerance)
      expect(of.predicted).toEqual(expected.predicted)
    }
    for (const { dispose } of both) dispose()
    expect(graph.live()).toBe(before)
    expect(graph.graphs?.refused()).toEqual([])
  })

  it("shares a function between weights, and keeps few functions", () => {
    const model = makeModel({ backbone: "resnet10-slim", pooling: "avg", channels: 2, num_classes: 3 })
    const extracted = (seed: number) => {
      const { dispose, extract } = extractor(graph, model, initialWeights(model, seed), false)
      const found = [1, 2, 3].map(() => extract(batchOf(2, 40, 5)).vectors)
      dispose()
      return found
    }
    const first = extracted(1)
    const count = graph.graphs?.functions()
    const second = extracted(2)
    expect(graph.graphs?.functions()).toBe(count)
    expect(second[2]).not.toEqual(first[2])
    expect(Math.max(...second[2].map((value, i) => Math.abs(value - second[1][i])))).toBeLessThan(1e-5)
    for (let pixels = 20; pixels < 40; pixels++) {
      const { dispose, extract } = extractor(graph, model, initialWeights(model, 1), false)
      for (const seed of [1, 2, 3]) extract(batchOf(1, pixels, seed))
      dispose()
    }
    expect(graph.graphs?.functions()).toBe(16)
  })
})

describe.runIf(starting)("functions on other threads", () => {
  const model = makeModel({ backbone: "resnet18", pooling: "avg", channels: 2, num_classes: 3 })

  it("give the same bits, however many batches are under way", async () => {
    const engine = await opened(true)
    const before = engine.live()
    const { dispose, extract, start } = extractor(engine, model, initialWeights(model, 1), true)
    const seeds = [1, 2, 3, 4, 5, 6]
    expect(start(batchOf(4, 33, 1))).toBeUndefined()
    for (const seed of [1, 2, 3]) extract(batchOf(4, 33, seed))
    expect(start(batchOf(5, 33, 1))).toBeUndefined()
    const live = engine.live()
    const one = seeds.map((seed) => extract(batchOf(4, 33, seed)))
    const started = seeds.map((seed) => start(batchOf(4, 33, seed)))
    expect(await Promise.all(started)).toEqual(one)
    expect(engine.live()).toBe(live)
    dispose()
    expect(engine.live()).toBe(before)
  })

  it("belong to their engine although another one became the current one meanwhile", async () => {
    const [engine, other] = [await opened(true), await Effect.runPromise(openEngine("cpu"))]
    const { dispose, extract, start } = extractor(engine, model, initialWeights(model, 1), false)
    const found = [1, 2, 3, 3].map((seed) => extract(batchOf(2, 32, seed))).at(-1)
    const started = start(batchOf(2, 32, 3))
    other.scope(() => other.read(other.tensor(Float32Array.of(1), [1])))
    expect(await started).toEqual(found)
    dispose()
  })

  it("are not used where operations have one thread", async () => {
    const tf = loadNative({ packageFolder: packageFolderOf(process.cwd()) })
    const backend = tf.engine().findBackend(BACKEND) as unknown as Backend
    const engine: Engine = { ...(await opened(true)), graphs: graphsOf(backend, "float32", 1) }
    expect(engine.graphs?.together).toBe(1)
    const { dispose, extract, start } = extractor(engine, model, initialWeights(model, 1), false)
    for (const seed of [1, 2, 3]) extract(batchOf(2, 32, seed))
    expect(start(batchOf(2, 32, 1))).toBeUndefined()
    dispose()
  })

  it("end although the network is disposed meanwhile", async () => {
    const engine = await opened(true)
    const before = engine.live()
    const { dispose, extract, start } = extractor(engine, model, initialWeights(model, 2), false)
    const found = [1, 2, 3, 3].map((seed) => extract(batchOf(2, 32, seed))).at(-1)
    const started = start(batchOf(2, 32, 3))
    dispose()
    expect(await started).toEqual(found)
    expect(engine.live()).toBe(before)
  })

  it("reject with TensorFlow's reason", async () => {
    const engine = await opened(true)
    const tf = loadNative({ packageFolder: packageFolderOf(process.cwd()) })
    const backend = tf.engine().findBackend(BACKEND) as unknown as Backend
    const { start, tensors } = functionsOf(backend.binding as FunctionBinding, backend, "float32")
    const negative = {
      name: "Neg",
      attributes: [{ name: "T", type: 4, value: 1 }],
      inputs: [1],
      outputs: [{ id: 2, shape: [2], dtype: 1 }]
    }
    const given = new Map([[1, { id: 1, shape: [2], dtype: 1 }]])
    const recording = { operations: [negative], constants: new Map() }
    const definition = definitionOf(graphOf({ recording, given, outputs: [2] }))
    const before = engine.live()
    await expect(start?.(definition, [])).rejects.toThrow("number of arguments = 1")
    const made = await engine.scope(() => start?.(definition, [engine.tensor(Float32Array.of(1, 2), [2])]))
    expect(engine.scope(() => tensors(made ?? []).map(engine.read))).toEqual([Float32Array.of(-1, -2)])
    expect(engine.live()).toBe(before)
    const unknown = (backend.binding as Required<FunctionBinding>).startFunction
    expect(() => unknown("orbitrank_unknown", [], 1)).toThrow("There is no function orbitrank_unknown")
  })
})

describe.runIf(graphs)("what follows from weights alone", () => {
  it("is computed once for all batches of all shapes, and freed with the network", async () => {
    const engine = await opened(true)
    const before = engine.live()
    const weight = engine.scope(() => engine.keep(engine.tensor(Float32Array.of(2, 3), [2])))
    const run = (x: Tensor) => [x.mul(weight.add(1))]
    const network = forwardOf(engine, { run, weights: () => [weight] })
    const outputOf = (rows: number) =>
      engine.scope(() => [
        ...engine.read(network.run(engine.tensor(new Float32Array(2 * rows).fill(rows), [rows, 2]))[0])
      ])
    for (const rows of [1, 1, 1, 1, 2, 2, 2, 2]) {
      expect(outputOf(rows)).toEqual(Array.from({ length: 2 * rows }, (_, i) => rows * (3 + (i % 2))))
    }
    // The weight, and the sum that both functions read.
    expect(engine.live()).toBe(before + 2)
    expect(engine.graphs?.refused()).toEqual([])
    network.dispose()
    engine.dispose([weight])
    expect(engine.live()).toBe(before)
  })
})

describe.runIf(graphs)("what cannot be a function runs operation by operation, with a reason", () => {
  const outputsOf = async (run: (x: Tensor) => ReadonlyArray<Tensor>, batches = 4) => {
    const engine = await opened(true)
    const network = forwardOf(engine, { run, weights: () => [] })
    const outputs = Array.from({ length: batches }, (_, i) =>
      engine.scope(() => network.run(engine.tensor(Float32Array.of(i, i + 1), [2])).map(engine.read))
    )
    return { outputs: outputs.map(([one]) => [...one]), refused: engine.graphs?.refused() }
  }

  it("a number that differs from batch to batch", async () => {
    let factor = 0
    const { outputs, refused } = await outputsOf((x) => [x.mul(++factor)])
    expect(outputs).toEqual([
      [0, 1],
      [2, 4],
      [6, 9],
      [12, 16]
    ])
    expect(refused).toEqual(["images of 2: two batches gave two graphs"])
  })

  it("a number that differs only later is found by comparing", async () => {
    let calls = 0
    const { outputs, refused } = await outputsOf((x) => [x.mul(++calls < 3 ? 1 : 5)])
    expect(outputs).toEqual([
      [0, 1],
      [1, 2],
      [10, 15],
      [15, 20]
    ])
    expect(refused).toEqual(["images of 2: a graph gave other numbers"])
  })
})
