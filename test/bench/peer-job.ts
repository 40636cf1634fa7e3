/**
 * One network on an engine, measured when asked, as `peer.py` measures PyTorch: `peer-job.ts NETWORK THREADS PRECISION GRAPH DEVICE`.
 */
import { tmpdir } from "node:os"
import { createInterface } from "node:readline"
import { Effect, Layer, ManagedRuntime, Scope } from "effect"
import { inCode } from "../../src/experiments/in-code.ts"
import { makeModel } from "../../src/ops/model/model.ts"
import { batchesTogether, openExtraction } from "../../src/ops/retrieve/embeddings/extraction.ts"
import { openEngine } from "../../src/ops/tensor/engine.ts"
import { multiLabelCrossEntropy } from "../../src/ops/train/losses/ml-xent.ts"
import { zeroMoments } from "../../src/ops/train/optimisers.ts"
import { makeTrainer } from "../../src/ops/train/trainer.ts"
import { initialWeights } from "../ops/model/initial.ts"
import { processorTime } from "./harness.ts"
import { CLASSES, noise } from "./images.ts"
import { type NetworkName, networks } from "./networks.ts"

const [name, threads, precision, graph, device] = process.argv.slice(2)
const { backbone, batchSize, channels, pixels } = networks[name as NetworkName]
// Otherwise TensorFlow runs independent operations at the same time, on more threads than asked for.
if (threads === "1") process.env.TF_NUM_INTEROP_THREADS = "1"
const options = { threads: Number(threads), precision: precision as "float32", graph: graph === "true" }
const engine = await Effect.runPromise(openEngine(device as "tensorflow", options)).catch((fault: Error) => {
  process.stderr.write(`${fault.message}\n`)
  process.exit(1)
})
const here = engine.inference === undefined && engine.workers === 1
const together = batchesTogether(engine)
const model = makeModel({ backbone, pooling: "avg", channels, num_classes: CLASSES })
const batch = noise(batchSize, pixels, channels)
const weights = initialWeights(model, 1)

/** Threads live until the process ends. */
const runtime = ManagedRuntime.make(
  Layer.mergeAll(Layer.effect(Scope.Scope, Scope.make()), inCode({ folder: tmpdir() }))
)

/** Made when first asked for, so that memory is that of one job where only one is asked for. */
const jobs: Record<string, () => () => unknown> = {
  train: () => {
    const losses = { id: multiLabelCrossEntropy, metric: undefined, weight: [1, 1] as const }
    const start = { weights, moments: zeroMoments(model.parameters), step: 0 }
    const trainer = makeTrainer(engine, model, { losses }, start)
    return () => trainer.step([batch], 1e-3, () => 0)
  },
  infer: () => {
    const params = { backbone, pooling: "avg", channels, num_classes: CLASSES } as const
    const extraction = openExtraction(engine, model, { model: params, arrays: weights, predict: false }, batch)
    const opened = runtime.runPromise(extraction)
    // As many batches at a time as `embed` extracts; the time is that of one. Threads of their own take their images away.
    const one = () => (here ? batch : { ...batch, images: batch.images.slice() })
    return async () => {
      const extract = await opened
      await Promise.all(Array.from({ length: together }, () => runtime.runPromise(extract(one()))))
    }
  }
}
const made = new Map<string, () => unknown>()

const answer = (value: unknown) => void process.stdout.write(`${JSON.stringify(value)}\n`)
answer({ version: engine.inference?.library ?? engine.version, why: engine.why })
for await (const line of createInterface({ input: process.stdin })) {
  const [what, passes] = line.split(" ")
  const job = made.get(what) ?? jobs[what]()
  made.set(what, job)
  const [wall, processor]: [Array<number>, Array<number>] = [[], []]
  for (let i = 0; i < Number(passes); i++) {
    const begun = [performance.now(), processorTime()]
    await job()
    const batches = what === "infer" ? together : 1
    wall.push((performance.now() - begun[0]) / 1000 / batches)
    processor.push((processorTime() - begun[1]) / 1000 / batches)
  }
  answer({ wall, processor, memory: process.resourceUsage().maxRSS / 1024 })
}
// Worker threads would keep the process alive.
process.exit(0)
