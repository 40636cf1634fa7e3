/**
 * One engine and one network, in a process of its own, so that memory and threads are its alone: prints one `Measured` as
 * JSON. `engine-job.ts ENGINE NETWORK`.
 */
import { availableParallelism } from "node:os"
import { Effect } from "effect"
import type { Batch } from "../../src/ops/elements.ts"
import { type Model, makeModel } from "../../src/ops/model/model.ts"
import { extractor } from "../../src/ops/retrieve/embeddings/extract.ts"
import { type Engine, openEngine } from "../../src/ops/tensor/engine.ts"
import { convGeometry } from "../../src/ops/tensor/geometry.ts"
import type { Tensor } from "../../src/ops/tensor/tfjs.ts"
import { tileTeam } from "../../src/ops/tensor/tiles/team.ts"
import type { Losses } from "../../src/ops/train/losses/combined.ts"
import { orderedMultiLabel } from "../../src/ops/train/losses/oml.ts"
import { zeroMoments } from "../../src/ops/train/optimisers.ts"
import { makeTrainer } from "../../src/ops/train/trainer.ts"
import { random } from "../../src/pipeline/random.ts"
import { initialWeights } from "../ops/model/initial.ts"
import { inTurn } from "./harness.ts"
import { CLASSES, noise } from "./images.ts"
import { slowest } from "./kernels.ts"
import { type Measured, type NetworkName, networks } from "./networks.ts"

/** The same engine, adding to `count` two operations for each product of a convolution or matrix product. */
const counting = (engine: Engine, count: (operations: number) => void): Engine => ({
  ...engine,
  conv2d: (x, w, options) => {
    const g = convGeometry(x.shape, w.shape, options)
    count((2 * g.N * g.OH * g.OW * g.O * g.KH * g.KW * g.C) / g.groups)
    return engine.conv2d(x, w, options)
  },
  matMul: (a, b) => {
    count(2 * (a.shape[0] ?? 0) * (a.shape[1] ?? 0) * (b.shape[1] ?? 0))
    return engine.matMul(a, b)
  }
})

const embedding = (engine: Engine, model: Model, batch: Batch) => {
  const { extract } = extractor(engine, model, initialWeights(model, 1), false)
  return () => extract(batch)
}

/** Operations of one forward pass. */
const forwardOperations = (engine: Engine, model: Model, batch: Batch): number => {
  let operations = 0
  embedding(
    counting(engine, (more) => {
      operations += more
    }),
    model,
    batch
  )()
  return operations
}

/** One matrix product whose speed stands for what the engine can do at best. */
const ROWS = 1024
const INNER = 2048
const COLUMNS = 2048
const product = (engine: Engine): (() => unknown) => {
  const made = (rows: number, columns: number): Tensor => {
    const draws = random(2, 0, rows, "bench")
    const values = Float32Array.from({ length: rows * columns }, () => draws.normal())
    return engine.scope(() => engine.keep(engine.tensor(values, [rows, columns])))
  }
  const [a, b] = [made(ROWS, INNER), made(INNER, COLUMNS)]
  return () =>
    engine.scope(() => {
      engine.read(engine.matMul(a, b))
    })
}

const measured = async (device: "wasm" | "tensorflow", name: NetworkName): Promise<Measured> => {
  const { backbone, batchSize, channels, pixels, rounds } = networks[name]
  const engine = await Effect.runPromise(openEngine(device))
  const team = device === "wasm" ? tileTeam(availableParallelism()) : undefined
  // Convolutions on WebAssembly use the threads; all else, and the plain product, runs on one.
  const end = engine.share(team)
  const threads = team === undefined ? engine.threads : availableParallelism()
  const products = team === undefined ? 1 : threads
  const model = makeModel({ backbone, pooling: "avg", channels, num_classes: CLASSES })
  const batch = noise(batchSize, pixels, channels)
  const operations = forwardOperations(engine, model, batch)
  const peak = product(engine)
  const start = { weights: initialWeights(model, 1), moments: zeroMoments(model.parameters), step: 0 }
  const losses: Losses = { id: undefined, metric: (input) => orderedMultiLabel(input), weight: [1, 1] }
  const trainer = makeTrainer(engine, model, { losses }, start)
  const step = () => trainer.step([batch], 1e-3, () => 0)
  const embed = embedding(engine, model, batch)
  // Graphs are made of the first batches; threads are ready after some steps.
  for (let i = 0; i < 4; i++) embed()
  const training = await inTurn(step, peak, rounds)
  const inference = await inTurn(embed, peak, rounds)
  /** A step whose kernels can be told apart: a graph is one kernel. */
  const stepOfKernels = async () => {
    if (engine.graphs === undefined) return step
    trainer.dispose()
    const apart = await Effect.runPromise(openEngine(device, { graph: false }))
    const other = makeTrainer(apart, model, { losses }, start)
    return () => other.step([batch], 1e-3, () => 0)
  }
  const share = (ratio: number, all: number) => all / ratio / (2 * ROWS * INNER * COLUMNS) / products
  const result: Measured = {
    engine: engine.version,
    threads,
    network: name,
    training: (1000 * batchSize) / training.ours,
    // The gradients of a layer cost as much as its forward pass, each.
    trainingShare: share(training.ratio, 3 * operations),
    inference: (1000 * batchSize) / inference.ours,
    inferenceShare: share(inference.ratio, operations),
    peak: (2 * ROWS * INNER * COLUMNS * products) / training.other / 1e6,
    memory: process.resourceUsage().maxRSS / 1024,
    slowest: slowest(device, await stepOfKernels())
  }
  end()
  team?.close()
  return result
}

const [device, name] = process.argv.slice(2)
process.stdout.write(`${JSON.stringify(await measured(device as "wasm", name as NetworkName))}\n`)
