/**
 * One engine and one network, in a process of its own, so that memory and threads are its alone: prints one `Measured` as
 * JSON. `engine-job.ts ENGINE NETWORK`.
 */
import { Effect } from "effect"
import type { Batch } from "../../src/ops/elements.ts"
import { type Model, makeModel } from "../../src/ops/model/model.ts"
import { uploadArrays } from "../../src/ops/model/weights/tensors.ts"
import { type Engine, openEngine } from "../../src/ops/tensor/engine.ts"
import { convGeometry } from "../../src/ops/tensor/geometry.ts"
import type { Tensor } from "../../src/ops/tensor/tfjs.ts"
import { orderedMultiLabel } from "../../src/ops/train/losses/oml.ts"
import { zeroMoments } from "../../src/ops/train/optimisers.ts"
import { makeTrainer } from "../../src/ops/train/trainer.ts"
import { random } from "../../src/pipeline/random.ts"
import { initialWeights } from "../ops/model/initial.ts"
import { inTurn, processorTime } from "./harness.ts"
import { slowest } from "./kernels.ts"
import { type Measured, type NetworkName, networks } from "./networks.ts"

const CLASSES = 19

/** Images and labels of noise: neither convolutions nor losses take longer or shorter by what they see. */
const noise = (size: number, pixels: number, channels: number): Batch => {
  const draws = random(1, 0, 0, "bench")
  const images = Float32Array.from({ length: size * pixels * pixels * channels }, () => draws.normal())
  const labels = Uint8Array.from({ length: size * CLASSES }, () => (draws.between(0, 1) < 0.2 ? 1 : 0))
  const names = Array.from({ length: size }, (_, i) => `image${i}`)
  const shape = { size, height: pixels, width: pixels, epoch: 0, indices: Int32Array.from(names.keys()) }
  const bands = Array.from({ length: channels }, (_, i) => `b${i}`)
  const classes = Array.from({ length: CLASSES }, (_, i) => `c${i}`)
  return { kind: "batch", names, images, labels, bands, classes, ...shape }
}

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
  const weights = uploadArrays(engine, initialWeights(model, 1))
  return () =>
    engine.scope(() => {
      const images = engine.tensor(batch.images, [batch.size, batch.height, batch.width, batch.bands.length])
      return engine.read(model.embed({ engine, get: weights.get, observe: undefined }, images))
    })
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
  const model = makeModel({ backbone, pooling: "avg", channels, num_classes: CLASSES })
  const batch = noise(batchSize, pixels, channels)
  const operations = forwardOperations(engine, model, batch)
  const peak = product(engine)
  const start = { weights: initialWeights(model, 1), moments: zeroMoments(model.parameters), step: 0 }
  const trainer = makeTrainer(
    engine,
    model,
    { losses: { id: undefined, metric: (input) => orderedMultiLabel(input), weight: [1, 1] } },
    start
  )
  const step = () => trainer.step([batch], 1e-3, () => 0)
  // One thread's work is told best by its processor's time, which others that run meanwhile hardly change.
  const clock = engine.threads === 1 ? processorTime : undefined
  const training = await inTurn(step, peak, rounds, clock)
  const inference = await inTurn(embedding(engine, model, batch), peak, rounds, clock)
  const share = (ratio: number, all: number) => all / ratio / (2 * ROWS * INNER * COLUMNS)
  return {
    engine: engine.version,
    threads: engine.threads,
    network: name,
    training: (1000 * batchSize) / training.ours,
    // The gradients of a layer cost as much as its forward pass, each.
    trainingShare: share(training.ratio, 3 * operations),
    inference: (1000 * batchSize) / inference.ours,
    inferenceShare: share(inference.ratio, operations),
    peak: (2 * ROWS * INNER * COLUMNS) / training.other / 1e6,
    memory: process.resourceUsage().maxRSS / 1024,
    slowest: slowest(device, step)
  }
}

const [device, name] = process.argv.slice(2)
process.stdout.write(`${JSON.stringify(await measured(device as "wasm", name as NetworkName))}\n`)
