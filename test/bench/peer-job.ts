/**
 * One network on TensorFlow, measured when asked, as `peer.py` measures PyTorch: `peer-job.ts NETWORK THREADS PRECISION GRAPH DEVICE`.
 */
import { createInterface } from "node:readline"
import { Effect } from "effect"
import { makeModel } from "../../src/ops/model/model.ts"
import { extractor } from "../../src/ops/retrieve/embeddings/extract.ts"
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
const model = makeModel({ backbone, pooling: "avg", channels, num_classes: CLASSES })
const batch = noise(batchSize, pixels, channels)
const weights = initialWeights(model, 1)

/** Made when first asked for, so that memory is that of one job where only one is asked for. */
const jobs: Record<string, () => () => unknown> = {
  train: () => {
    const losses = { id: multiLabelCrossEntropy, metric: undefined, weight: [1, 1] as const }
    const start = { weights, moments: zeroMoments(model.parameters), step: 0 }
    const trainer = makeTrainer(engine, model, { losses }, start)
    return () => trainer.step([batch], 1e-3, () => 0)
  },
  infer: () => {
    const { extract } = extractor(engine, model, weights, false)
    return () => extract(batch)
  }
}
const made = new Map<string, () => unknown>()

const answer = (value: unknown) => void process.stdout.write(`${JSON.stringify(value)}\n`)
answer({ version: engine.version, why: engine.why })
for await (const line of createInterface({ input: process.stdin })) {
  const [what, passes] = line.split(" ")
  const job = made.get(what) ?? jobs[what]()
  made.set(what, job)
  const [wall, processor]: [Array<number>, Array<number>] = [[], []]
  for (let i = 0; i < Number(passes); i++) {
    const begun = [performance.now(), processorTime()]
    job()
    wall.push((performance.now() - begun[0]) / 1000)
    processor.push((processorTime() - begun[1]) / 1000)
  }
  answer({ wall, processor, memory: process.resourceUsage().maxRSS / 1024 })
}
