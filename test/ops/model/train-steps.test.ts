import { beforeAll, describe, expect, it } from "vitest"
import type { NamedArray } from "../../../src/ops/elements.ts"
import { makeModel } from "../../../src/ops/model/model.ts"
import { uploadArrays, type Weights } from "../../../src/ops/model/weights.ts"
import { plus } from "../../../src/ops/tensor/elementwise.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import type { Tensor } from "../../../src/ops/tensor/tfjs.ts"
import type { LossInput } from "../../../src/ops/train/losses/loss.ts"
import { multiLabelCrossEntropy } from "../../../src/ops/train/losses/ml-xent.ts"
import { orderedMultiLabel } from "../../../src/ops/train/losses/oml.ts"
import { type ReferenceArray, reference } from "../../reference.ts"
import { devices, opened } from "../tensor/with-engine.ts"
import { norm, recordedInput, ruled, sizeOf } from "./recorded.ts"

interface Step {
  readonly total: number
  readonly id: number
  readonly metric: number
  readonly embedding_l2: ReadonlyArray<number>
  readonly grad_l2: Readonly<Record<string, number>>
  readonly grad_first4: Readonly<Record<string, ReadonlyArray<number>>>
}
interface Run {
  readonly metric_loss: "contrastive_avg" | "oml"
  readonly base_lr: number
  readonly steps: ReadonlyArray<Step>
  readonly bn_after: Readonly<
    Record<
      string,
      { readonly running_mean_first4: ReadonlyArray<number>; readonly running_var_first4: ReadonlyArray<number> }
    >
  >
  readonly eval_after: {
    readonly embedding_first8: ReferenceArray
    readonly embedding_l2: ReadonlyArray<number>
    readonly logits: ReferenceArray
  }
}
const recorded = reference<{
  readonly seed: number
  readonly input: readonly [number, number, number, number]
  readonly num_classes: number
  readonly labels: ReferenceArray
  readonly runs: ReadonlyArray<Run>
}>("train-steps.json")
const {
  seed,
  input_phase: phase,
  tensors: rules
} = reference<{
  readonly seed: number
  readonly input_phase: number
  readonly tensors: ReadonlyArray<{ readonly G: number }>
}>("weight-rule.json")

type Row = ReadonlyArray<number>
const dot = (a: Row, b: Row): number => a.reduce((sum, x, i) => sum + x * b[i], 0)
const minus = (a: Row, b: Row): Row => a.map((x, i) => x - b[i])
const scaled = (a: Row, by: number): Row => a.map((x) => x * by)
const meanOf = (rows: ReadonlyArray<Row>): Row =>
  rows[0].map((_, d) => rows.reduce((sum, row) => sum + row[d], 0) / rows.length)

const rowsOf = (values: ArrayLike<number>, count: number): ReadonlyArray<Row> => {
  const list = Array.from(values)
  const width = list.length / count
  return Array.from({ length: count }, (_, i) => list.slice(i * width, (i + 1) * width))
}

const jaccard = (a: Row, b: Row): number => {
  const both = a.filter((x, i) => x > 0 && b[i] > 0).length
  const any = a.filter((x, i) => x > 0 || b[i] > 0).length
  return any === 0 ? 0 : (any - both) / any
}

/** A vector of length 1, and what a gradient of it is of the vector before. */
const unit = (row: Row) => {
  const length = Math.sqrt(dot(row, row))
  const value = scaled(row, 1 / length)
  return { value, back: (g: Row) => scaled(minus(g, scaled(value, dot(g, value))), 1 / length) }
}

/** The contrastive loss of each anchor: the means of its positives and of all that is none, itself included. */
const contrastiveLoss = ({ values, labels, rows: count }: LossInput) => {
  const [rows, labelled] = [rowsOf(values, count), rowsOf(labels, count)]
  const width = values.length / count
  const gradient = new Float64Array(values.length)
  const add = (items: ReadonlyArray<number>, g: Row) => {
    for (const item of items) {
      for (let d = 0; d < width; d++) gradient[item * width + d] += g[d] / items.length
    }
  }
  let value = 0
  rows.forEach((row, i) => {
    const all = rows.map((_, j) => j)
    const close = all.map((j) => jaccard(labelled[i], labelled[j]) <= 0.5)
    const positives = all.filter((j) => close[j] && j !== i)
    if (positives.length === 0) return
    const negatives = all.filter((j) => j === i || !close[j])
    const [a, p, n] = [row, meanOf(positives.map((j) => rows[j])), meanOf(negatives.map((j) => rows[j]))].map(unit)
    const [toP, toN] = [minus(a.value, p.value), minus(a.value, n.value)]
    const far = Math.sqrt(dot(toN, toN))
    const hinge = Math.max(0, 1.2 - far)
    value += 0.5 * dot(toP, toP) + 0.5 * hinge ** 2
    const push = scaled(toN, hinge / far)
    add([i], a.back(minus(toP, push)))
    add(positives, p.back(scaled(toP, -1)))
    add(negatives, n.back(push))
  })
  return { value, gradient: Float32Array.from(gradient) }
}
const metrics = { contrastive_avg: contrastiveLoss, oml: (input: LossInput) => orderedMultiLabel(input) }

const within = (got: number, expected: number, relative: number, label: string) =>
  expect(Math.abs(got - expected) / Math.abs(expected), label).toBeLessThanOrEqual(relative)

const [N, C, H, W] = recorded.input
const model = makeModel({ backbone: "resnet18", pooling: "avg", channels: C, num_classes: recorded.num_classes })
const trained = model.parameters.filter(({ role }) => role === "weight")
const labels = Uint8Array.from(recorded.labels.data)
const shapes = new Map(model.parameters.map(({ name, shape }) => [name, shape]))

/** Losses, embeddings and gradients of one step; the statistics that were seen. */
const stepOf = (engine: Engine, weights: Weights, images: Tensor, loss: Run["metric_loss"]) => {
  const seen: Array<readonly [string, Tensor]> = []
  const pass = { engine, get: weights.get, observe: (name: string, tensor: Tensor) => void seen.push([name, tensor]) }
  let found = { id: 0, metric: 0, embeddings: new Float32Array(0) }
  const { gradients } = engine.gradients(
    () => {
      const embeddings = model.embed(pass, images)
      const logits = model.logits(pass, embeddings)
      const values = engine.read(embeddings)
      const id = multiLabelCrossEntropy({ values: engine.read(logits), labels, rows: N })
      const metric = metrics[loss]({ values, labels, rows: N })
      found = { id: id.value, metric: metric.value, embeddings: Float32Array.from(values) }
      return plus(engine.weightedSum(embeddings, metric.gradient), engine.weightedSum(logits, id.gradient))
    },
    trained.map(({ name }) => weights.get(name))
  )
  return { ...found, gradients, seen }
}

/** A filter [KH, KW, I, O] as [O, I, KH, KW]; other shapes as they are but matrices, which are turned. */
const inFileOrder = (values: Float32Array, shape: ReadonlyArray<number>): Float32Array => {
  if (shape.length === 2) {
    return Float32Array.from(values, (_, at) => values[(at % shape[1]) * shape[0] + Math.floor(at / shape[1])])
  }
  if (shape.length !== 4) return values
  const [O, I, KH, KW] = shape
  return Float32Array.from({ length: sizeOf(shape) }, (_, at) => {
    const [o, i, tap] = [Math.floor(at / (I * KH * KW)), Math.floor(at / (KH * KW)) % I, at % (KH * KW)]
    return values[(tap * I + i) * O + o]
  })
}

const compareStep = (engine: Engine, got: ReturnType<typeof stepOf>, expected: Step, i: number) => {
  within(got.id, expected.id, 1e-4, `id loss of step ${i}`)
  within(got.metric, expected.metric, 1e-4, `metric loss of step ${i}`)
  within(got.id + got.metric, expected.total, 1e-4, `loss of step ${i}`)
  rowsOf(got.embeddings, N).forEach((row, n) => {
    within(Math.hypot(...row), expected.embedding_l2[n], 1e-3, `embedding ${n} of step ${i}`)
  })
  for (const [name, length] of Object.entries(expected.grad_l2)) {
    const gradient = got.gradients[trained.findIndex((one) => one.name === name)]
    if (gradient === undefined) throw new Error(`no gradient of ${name}`)
    const values = inFileOrder(engine.read(gradient), shapes.get(name) ?? [])
    within(norm(values), length, 1e-2, `gradient of ${name} in step ${i}`)
    expected.grad_first4[name].forEach((value, at) => {
      expect(Math.abs(values[at] - value)).toBeLessThanOrEqual(1e-2 * length)
    })
  }
}

const compareAfter = (engine: Engine, weights: Weights, images: Tensor, { bn_after, eval_after }: Run) => {
  for (const [name, { running_mean_first4, running_var_first4 }] of Object.entries(bn_after)) {
    const first = (part: string) => [...engine.read(weights.get(`${name}.${part}`)).subarray(0, 4)]
    first("running_mean").forEach((value, i) => {
      expect(Math.abs(value - running_mean_first4[i])).toBeLessThanOrEqual(1e-3)
    })
    first("running_var").forEach((value, i) => {
      expect(Math.abs(value - running_var_first4[i])).toBeLessThanOrEqual(1e-3)
    })
  }
  const pass = { engine, get: weights.get, observe: undefined }
  const embeddings = model.embed(pass, images)
  const logits = engine.read(model.logits(pass, embeddings))
  const scale = Math.max(...eval_after.logits.data.map(Math.abs))
  eval_after.logits.data.forEach((value, i) => {
    expect(Math.abs(logits[i] - value)).toBeLessThanOrEqual(1e-3 * scale)
  })
  rowsOf(engine.read(embeddings), N).forEach((row, n) => {
    within(Math.hypot(...row), eval_after.embedding_l2[n], 1e-3, `embedding ${n} after training`)
  })
}

describe.each(devices.filter((device) => device !== "cpu"))(
  "three steps of training are the original's, on %s",
  (device) => {
    let engine: Engine
    beforeAll(async () => {
      engine = await opened(device)
    })

    it.each(recorded.runs)("$metric_loss", (run) => {
      const { G } = rules[0]
      const weights = uploadArrays(
        engine,
        model.parameters.map((parameter) => ruled(parameter, { seed, G }))
      )
      const zeros = ({ name, shape }: (typeof trained)[number]): NamedArray => ({
        name,
        shape,
        data: new Float32Array(sizeOf(shape))
      })
      const velocities = uploadArrays(engine, trained.map(zeros))
      const images = () => engine.tensor(recordedInput(recorded.input, phase), [N, H, W, C])
      const before = engine.live()
      run.steps.forEach((expected, i) => {
        engine.scope(() => {
          const step = stepOf(engine, weights, images(), run.metric_loss)
          compareStep(engine, step, expected, i)
          const learningRate = run.base_lr * Math.exp(-0.01 * i)
          trained.forEach(({ name }, at) => {
            const state = { weight: weights.get(name), velocity: velocities.get(name) }
            const next = engine.sgd(state, step.gradients[at] as Tensor, { learningRate })
            weights.replace(name, engine.keep(next.weight))
            velocities.replace(name, engine.keep(next.velocity))
          })
          for (const [name, tensor] of step.seen) {
            weights.replace(name, engine.keep(engine.blend(weights.get(name), tensor, 0.1)))
            engine.dispose([tensor])
          }
        })
        expect(engine.live()).toBe(before)
      })
      engine.scope(() => compareAfter(engine, weights, images(), run))
      weights.dispose()
      velocities.dispose()
    })
  }
)
