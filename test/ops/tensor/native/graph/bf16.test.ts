/**
 * Graphs that compute in bfloat16 where that is safe, beside graphs in float32. Processors without bfloat16 compute both in
 * float32; there the tests hold without showing much.
 */
import { readFileSync } from "node:fs"
import { beforeAll, describe, expect, it } from "vitest"
import { averagePrecision } from "../../../../../src/metrics.ts"
import type { Batch } from "../../../../../src/ops/elements.ts"
import { makeModel } from "../../../../../src/ops/model/model.ts"
import { extractor } from "../../../../../src/ops/retrieve/embeddings/extract.ts"
import type { Engine } from "../../../../../src/ops/tensor/engine.ts"
import { distance } from "../../../../../src/ops/tensor/native/graph/agreement.ts"
import { type Backend, graphsOf } from "../../../../../src/ops/tensor/native/graph/graphs.ts"
import { BACKEND } from "../../../../../src/ops/tensor/native/ops.ts"
import { loadNative, packageFolderOf } from "../../../../../src/ops/tensor/setup/load.ts"
import type { Losses } from "../../../../../src/ops/train/losses/combined.ts"
import { multiLabelCrossEntropy } from "../../../../../src/ops/train/losses/ml-xent.ts"
import { orderedMultiLabel } from "../../../../../src/ops/train/losses/oml.ts"
import { zeroMoments } from "../../../../../src/ops/train/optimisers.ts"
import { makeTrainer } from "../../../../../src/ops/train/trainer.ts"
import { random } from "../../../../../src/pipeline/random.ts"
import { initialWeights } from "../../../model/initial.ts"
import { makeBatch, tiny } from "../../../train/harness.ts"
import { graphs, noise, opened } from "../../with-engine.ts"

const model = makeModel(tiny)
const first = () => 0
const losses: Losses = { id: undefined, metric: (input) => orderedMultiLabel(input), weight: [1, 1] }

/** Whether the processor multiplies in bfloat16. */
const processor = (() => {
  try {
    return /\bavx512_bf16\b|\bamx_bf16\b|\bbf16\b/.test(readFileSync("/proc/cpuinfo", "utf8"))
  } catch {
    return false
  }
})()

/** Images with faint stripes that show their classes, under noise and a brightness that differs from image to image. */
const faint = (epoch: number, size: number): Batch => {
  const batch = makeBatch(epoch, 0, size)
  const length = batch.images.length / size
  const draws = random(7, epoch, 0, "faint")
  const shifts = Array.from({ length: size }, () => draws.normal())
  const images = batch.images.map((value, i) => value + draws.normal() + shifts[Math.floor(i / length)])
  return { ...batch, images }
}

/** Images so large that pooling has several pixels to average. */
const large = (size: number): Batch => {
  const edge = 64
  const images = Float32Array.from(noise([size, edge, edge, 2], 1).data)
  return { ...makeBatch(0, 0, size), images, height: edge, width: edge }
}

/** Whether all values have only the digits of bfloat16. */
const isRounded = (values: Float32Array): boolean =>
  new Uint32Array(values.slice().buffer).every((bits) => (bits & 0xffff) === 0)

const trainerOn = (engine: Engine, seed: number, of: Losses, optimiser: "adam" | "sgd") =>
  makeTrainer(
    engine,
    model,
    { losses: of, optimiser },
    { weights: initialWeights(model, seed), moments: zeroMoments(model.parameters, optimiser), step: 0 }
  )

/** Mean average precision where each image of a batch looks for the others of its class. */
const precisionOf = ({ labels, size }: Batch, vectors: Float32Array): number => {
  const [classes, dim] = [labels.length / size, vectors.length / size]
  const classOf = (i: number) => labels.subarray(i * classes, (i + 1) * classes).indexOf(1)
  const likeness = (i: number, j: number) => {
    let sum = 0
    for (let k = 0; k < dim; k++) sum += vectors[i * dim + k] * vectors[j * dim + k]
    return sum
  }
  const each = Array.from({ length: size }, (_, i) => {
    const others = Array.from({ length: size }, (_, j) => j).filter((j) => j !== i)
    return averagePrecision(
      others.map((j) => Number(classOf(j) === classOf(i))),
      others.map((j) => likeness(i, j))
    )
  })
  return each.reduce<number>((sum, one) => sum + (one ?? 0), 0) / size
}

/** The precision on images that the training has not seen, before or after some steps. */
const learnt = (engine: Engine, seed: number, steps: number): number => {
  const trainer = trainerOn(engine, seed, losses, "adam")
  for (let i = 0; i < steps; i++) trainer.step([faint(i, 24)], 1e-3, first)
  const { weights } = trainer.state()
  trainer.dispose()
  const { dispose, extract } = extractor(engine, model, weights, false)
  const unseen = faint(1000, 48)
  // The first two batches run operation by operation.
  const vectors = [1, 2, 3, 4].map(() => extract(unseen).vectors).at(-1) as Float32Array
  dispose()
  return precisionOf(unseen, vectors)
}

describe.runIf(graphs)("graphs in bfloat16", () => {
  let [float32, bf16]: ReadonlyArray<Engine> = []
  beforeAll(async () => {
    float32 = await opened("tensorflow")
    const tf = loadNative({ packageFolder: packageFolderOf(process.cwd()) })
    const backend = tf.engine().findBackend(BACKEND) as unknown as Backend
    bf16 = { ...float32, precision: "bf16", graphs: graphsOf(backend, "bf16", 1) }
  })

  it("learn as float32 does: as precise on unseen images, on average over three starts", () => {
    const seeds = [1, 2, 3]
    const mean = (engine: Engine, steps: number) =>
      seeds.reduce((sum, seed) => sum + learnt(engine, seed, steps) / seeds.length, 0)
    const [before, exact, rounded] = [mean(float32, 0), mean(float32, 30), mean(bf16, 30)]
    expect(exact).toBeGreaterThan(before + 0.4)
    expect(Math.abs(rounded - exact)).toBeLessThanOrEqual(0.05)
    expect(bf16.graphs?.refused()).toEqual([])
  })

  it("keep outputs, statistics, slopes and updates in float32, and round in between", () => {
    const outputs: Array<Float32Array> = []
    const slopes: Array<Float32Array> = []
    const noted = (loss: typeof multiLabelCrossEntropy): typeof multiLabelCrossEntropy => {
      return (input) => {
        const found = loss(input)
        outputs.push(input.values)
        slopes.push(found.gradient)
        return found
      }
    }
    const both: Losses = {
      id: noted(multiLabelCrossEntropy),
      metric: noted((input) => orderedMultiLabel(input)),
      weight: [1, 1]
    }
    const stepped = (engine: Engine) => {
      const trainer = trainerOn(engine, 1, both, "sgd")
      trainer.step([large(12)], 0.1, first)
      const { moments, weights } = trainer.state()
      trainer.dispose()
      return { moments, weights }
    }
    const [exact, rounded] = [stepped(float32), stepped(bf16)]
    const [statistics, trained] = ["statistic", "weight"].map((role) => {
      const names = model.parameters.filter((one) => one.role === role).map(({ name }) => name)
      return rounded.weights.filter(({ name }) => names.includes(name)).map(({ data }) => data as Float32Array)
    })
    for (const values of [...outputs, ...slopes, ...statistics, ...trained]) expect(isRounded(values)).toBe(false)
    const gradients = [rounded, exact].map(({ moments }) => moments.map(({ data }) => data as Float32Array))
    const apart = distance(gradients[0], gradients[1])
    expect(apart).toBeLessThan(0.3)
    if (processor) expect(apart).toBeGreaterThan(1e-4)
  })
})
