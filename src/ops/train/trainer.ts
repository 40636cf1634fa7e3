/** The training step: forward, loss, backward, update. Pure of Effect; owns the tensors of weights and moments. */
import type { Batch, NamedArray, TrainState } from "../elements.ts"
import type { Parameter } from "../model/layer.ts"
import type { Model } from "../model/model.ts"
import { uploadArrays } from "../model/weights.ts"
import type { Engine } from "../tensor/engine.ts"
import { withinMemory } from "../tensor/fitting.ts"
import type { Tensor } from "../tensor/tfjs.ts"
import type { LossInput, LossValue } from "./losses/loss.ts"

/** Share of the newest batch in running statistics, as in PyTorch. */
const MOMENTUM = 0.1

/** A loss and the output of the network that it looks at. */
export interface Objective {
  readonly on: "embeddings" | "logits"
  readonly loss: (input: LossInput) => LossValue
}

export interface Trainer {
  /**
   * One update. Where the loss or a statistic is not finite nothing is updated, and the loss is given as such.
   *
   * @returns the loss before the update, and its floor
   * @throws EngineMemoryError where the batch does not fit the engine's memory, naming a size that does
   */
  readonly step: (batch: Batch, learningRate: number) => { readonly loss: number; readonly floor: number }
  /** Copies of weights and moments, and the number of updates so far. */
  readonly state: () => TrainerState
  readonly dispose: () => void
}

/** What the trainer knows of a `TrainState`. */
export type TrainerState = Pick<TrainState, "weights" | "moments" | "step">

/** Zero moments for every weight. */
export const zeroMoments = (parameters: ReadonlyArray<Parameter>): ReadonlyArray<NamedArray> =>
  ["m", "v"].flatMap((moment) =>
    parameters
      .filter(({ role }) => role === "weight")
      .map(({ name, shape }) => ({
        name: `${moment}/${name}`,
        shape,
        data: new Float32Array(shape.reduce((product, n) => product * n, 1))
      }))
  )

/**
 * @param start weights of `model`, and moments `m/NAME`, `v/NAME` for each trained one
 */
export const makeTrainer = (engine: Engine, model: Model, objective: Objective, start: TrainerState): Trainer => {
  const weights = uploadArrays(engine, start.weights)
  const moments = uploadArrays(engine, start.moments)
  const trained = model.parameters.filter(({ role }) => role === "weight").map(({ name }) => name)
  let updates = start.step

  const backward = (batch: Batch, observe: (name: string, seen: Tensor) => void) => {
    let found: LossValue | undefined
    const pass = { engine, get: weights.get, observe }
    const images = engine.tensor(batch.images, [batch.size, batch.height, batch.width, batch.bands.length])
    const { gradients } = engine.gradients(() => {
      const embeddings = model.embed(pass, images)
      const output = objective.on === "embeddings" ? embeddings : model.logits(pass, embeddings)
      found = objective.loss({ values: engine.read(output), labels: batch.labels, rows: batch.size })
      // The loss's gradient is known; as the weights of a sum it enters the backward pass unchanged.
      return engine.weightedSum(output, found.gradient)
    }, trained.map(weights.get))
    return { found: found as LossValue, gradients }
  }

  const update = (gradients: ReadonlyArray<Tensor | undefined>, learningRate: number) => {
    updates++
    trained.forEach((name, i) => {
      const gradient = gradients[i]
      if (gradient === undefined) return
      const state = { weight: weights.get(name), m: moments.get(`m/${name}`), v: moments.get(`v/${name}`) }
      const next = engine.adam(state, gradient, { learningRate, step: updates })
      weights.replace(name, engine.keep(next.weight))
      moments.replace(`m/${name}`, engine.keep(next.m))
      moments.replace(`v/${name}`, engine.keep(next.v))
    })
  }

  /** @param learningRate without one, nothing is updated */
  const stepOf = (batch: Batch, learningRate: number | undefined) => {
    const seen: Array<readonly [string, Tensor]> = []
    try {
      return engine.scope(() => {
        const { found, gradients } = backward(batch, (name, tensor) => seen.push([name, tensor]))
        // ReLU may turn NaN into 0, and then the loss would not show it; the statistics do.
        const sound = seen.every(([, tensor]) => engine.read(tensor).every(Number.isFinite))
        const loss = sound ? found.value : Number.NaN
        if (Number.isFinite(loss) && learningRate !== undefined) {
          update(gradients, learningRate)
          for (const [name, tensor] of seen) {
            weights.replace(name, engine.keep(engine.blend(weights.get(name), tensor, MOMENTUM)))
          }
        }
        return { loss, floor: found.floor }
      })
    } finally {
      engine.dispose(seen.map(([, tensor]) => tensor))
    }
  }

  return {
    step: (batch, learningRate) =>
      withinMemory(engine, batch, (part, whole) => stepOf(part, whole ? learningRate : undefined)),
    state: () => ({ step: updates, weights: weights.arrays(), moments: moments.arrays() }),
    dispose: () => {
      weights.dispose()
      moments.dispose()
    }
  }
}
