import { beforeAll, describe, expect, it } from "vitest"
import type { Batch, NamedArray } from "../../../src/ops/elements.ts"
import { makeModel } from "../../../src/ops/model/model.ts"
import { uploadArrays, type Weights } from "../../../src/ops/model/weights/tensors.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import type { Tensor } from "../../../src/ops/tensor/tfjs.ts"
import { lossesOf } from "../../../src/ops/train/losses.ts"
import { zeroMoments } from "../../../src/ops/train/optimisers.ts"
import { makeTrainer, type StepLosses, type TrainerState } from "../../../src/ops/train/trainer.ts"
import { random } from "../../../src/pipeline/random.ts"
import { type ReferenceArray, reference } from "../../reference.ts"
import { norm, recordedInput, ruled } from "../model/recorded.ts"
import { modes, opened } from "../tensor/with-engine.ts"

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
  readonly pooling: "avg" | "max"
  readonly labels: ReferenceArray
  readonly runs: ReadonlyArray<Run>
}>("train-steps.json")
/** The rule's other numbers stand with the modules: all files of a set have the same. */
const { G, input_phase: phase } = reference<{ readonly G: number; readonly input_phase: number }>("modules.json")
const { seed } = recorded

const rowsOf = (values: ArrayLike<number>, count: number): ReadonlyArray<ReadonlyArray<number>> => {
  const list = Array.from(values)
  const width = list.length / count
  return Array.from({ length: count }, (_, i) => list.slice(i * width, (i + 1) * width))
}

const within = (got: number, expected: number, relative: number, label: string) =>
  expect(Math.abs(got - expected) / Math.abs(expected), label).toBeLessThanOrEqual(relative)

const [N, C, H, W] = recorded.input
const model = makeModel({
  backbone: "resnet18",
  pooling: recorded.pooling,
  channels: C,
  num_classes: recorded.num_classes
})
const labels = Uint8Array.from(recorded.labels.data)

const options = (run: Run) => ({
  losses: lossesOf({
    id_loss: "ml_xent",
    metric_loss: run.metric_loss,
    loss_weight: [1, 1],
    compat: "none"
  }),
  optimiser: "sgd" as const
})

const batch: Batch = {
  kind: "batch",
  epoch: 0,
  size: N,
  names: Array.from({ length: N }, (_, i) => `image${i}`),
  indices: Int32Array.from({ length: N }, (_, i) => i),
  images: recordedInput(recorded.input, phase),
  height: H,
  width: W,
  bands: Array.from({ length: C }, (_, i) => `b${i}`),
  labels,
  classes: Array.from({ length: recorded.num_classes }, (_, i) => `c${i}`)
}

const velocityOf = (arrays: ReadonlyArray<NamedArray>, name: string): Float32Array =>
  arrays.find((array) => array.name === `velocity/${name}`)?.data as Float32Array

/** Gradients are not given; what they added to the velocities is: v' = 0.9 v + g. */
const gradientOf = (before: TrainerState, after: TrainerState, name: string): Float32Array => {
  const old = velocityOf(before.moments, name)
  return velocityOf(after.moments, name).map((velocity, at) => velocity - 0.9 * old[at])
}

/** Deviation that is allowed without more ado, as a share of the gradient's norm. */
const ALLOWED = 1e-2

/** A gradient that deviates by more, as a share of its norm. */
interface Deviation {
  readonly step: number
  readonly name: string
  readonly share: number
}

/** @returns gradients of larger deviation than is allowed, to be explained by rounding */
const compareStep = (
  got: StepLosses,
  before: TrainerState,
  after: TrainerState,
  expected: Step,
  i: number
): ReadonlyArray<Deviation> => {
  within(got.id, expected.id, 1e-4, `id loss of step ${i}`)
  within(got.metric, expected.metric, 1e-4, `metric loss of step ${i}`)
  within(got.total, expected.total, 1e-4, `loss of step ${i}`)
  return Object.entries(expected.grad_l2).flatMap(([name, length]) => {
    const values = gradientOf(before, after, name)
    const off = expected.grad_first4[name].map((value, at) => Math.abs(values[at] - value))
    const share = Math.max(Math.abs(norm(values) - length), ...off) / length
    return share <= ALLOWED ? [] : [{ step: i, name, share }]
  })
}

/**
 * ReLU and max-pooling choose by comparison: where two values are equal but for rounding, float32 arithmetic in another
 * order chooses the other one, and a gradient changes by a finite step. PyTorch itself moves the gradients of the first batch
 * norm by up to 0.7 % of their norm between float32 and float64, and noise of one unit in the last place of the input moves
 * them by more than 1 % on one engine. So a gradient may deviate by more than `ALLOWED` if such noise moves it as far: by
 * half, since both sides may have chosen otherwise.
 */
const explained = (deviation: Deviation, moved: ReadonlyMap<string, number>): boolean =>
  deviation.share <= 2 * (moved.get(`${deviation.step} ${deviation.name}`) ?? 0)

/** Draws of noise that are tried before a deviation counts as wrong. */
const DRAWS = 8

/** The batch with every pixel moved by at most one unit in the last place. */
const noisy = (draw: number): Batch => {
  const { normal } = random(1, 0, draw, "rounding")
  const images = batch.images.map((value) => value * (1 + Math.max(-1, Math.min(1, normal())) * 2 ** -23))
  return { ...batch, images }
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
  const { embedding, logits: scores } = model.predict(pass, images)
  const logits = engine.read(scores)
  const scale = Math.max(...eval_after.logits.data.map(Math.abs))
  eval_after.logits.data.forEach((value, i) => {
    expect(Math.abs(logits[i] - value)).toBeLessThanOrEqual(1e-3 * scale)
  })
  const { data, shape } = eval_after.embedding_first8
  const largest = Math.max(...data.map(Math.abs))
  rowsOf(engine.read(embedding), N).forEach((row, n) => {
    row.slice(0, shape[1]).forEach((value, i) => {
      expect(Math.abs(value - data[n * shape[1] + i])).toBeLessThanOrEqual(1e-3 * largest)
    })
    within(Math.hypot(...row), eval_after.embedding_l2[n], 1e-3, `embedding ${n} after training`)
  })
}

/** Plain JavaScript gives the same, but takes minutes for it: `SLOW=1` has it run too. */
const tried = modes.filter((device) => device !== "cpu" || process.env.SLOW !== undefined)

describe.each(tried)("three steps of training are the original's, on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })

  it.each(recorded.runs)("$metric_loss", (run) => {
    const start: TrainerState = {
      weights: model.parameters.map((parameter) => ruled(parameter, { seed, G })),
      moments: zeroMoments(model.parameters, "sgd"),
      step: 0
    }
    /** States before and after each step, and its losses. */
    const trained = (input: Batch) => {
      const trainer = makeTrainer(engine, model, options(run), start)
      const before = engine.live()
      const losses = run.steps.map((_, i) => {
        const found = trainer.step([input], run.base_lr * Math.exp(-0.01 * i), () => 0)
        expect(engine.live()).toBe(before)
        return { found, state: trainer.state() }
      })
      trainer.dispose()
      return { losses: losses.map(({ found }) => found), states: [start, ...losses.map(({ state }) => state)] }
    }
    const { losses, states } = trained(batch)
    let large = run.steps.flatMap((expected, i) => compareStep(losses[i], states[i], states[i + 1], expected, i))
    const moved = new Map<string, number>()
    for (let draw = 0; draw < DRAWS && large.length > 0; draw++) {
      const other = trained(noisy(draw)).states
      for (const { name, step } of large) {
        const [a, b] = [states, other].map((all) => gradientOf(all[step], all[step + 1], name))
        const most = a.reduce((max, value, at) => Math.max(max, Math.abs(value - b[at])), 0) / norm(a)
        moved.set(`${step} ${name}`, Math.max(most, moved.get(`${step} ${name}`) ?? 0))
      }
      large = large.filter((one) => !explained(one, moved))
    }
    expect(large, "gradients that rounding does not explain").toEqual([])
    const state = states[states.length - 1]
    const weights = uploadArrays(engine, state.weights)
    engine.scope(() => compareAfter(engine, weights, engine.tensor(batch.images, [N, H, W, C]), run))
    weights.dispose()
  })
})
