/**
 * The training step: forward pass, loss, backward pass, update. It owns the tensors of weights and moments, and does not use
 * Effect.
 */
import type { Batch, TrainState } from "../elements.ts"
import type { Model } from "../model/model.ts"
import { uploadArrays, type Weights } from "../model/weights/tensors.ts"
import { finite } from "../tensor/elementwise.ts"
import type { Engine } from "../tensor/engine.ts"
import { allFinite } from "../tensor/finite.ts"
import type { Tensor } from "../tensor/tfjs.ts"
import { averagesOf, startOf } from "./averages.ts"
import { type Backward, backward } from "./backward.ts"
import { clipFactor, normOf } from "./clip.ts"
import { type CrossBatchOptions, memoryArrays, memoryFrom, remembered } from "./cross-batch.ts"
import { jointLabels } from "./joint.ts"
import { learning } from "./learned.ts"
import type { Combined, Losses } from "./losses/combined.ts"
import type { Choose, Learned } from "./losses/loss.ts"
import type { UpdateOptions } from "./optimisers/optimiser.ts"
import { type ChosenOptimiser, momentsOf, type OptimiserChoice, optimiserOf, updateWeight } from "./optimisers.ts"
import { type PartParams, parted } from "./part-rates.ts"
import { type Gradients, isNormed, passesOf, release, type Seen } from "./pass.ts"

/** Losses of one update, computed before it. */
export type StepLosses = Pick<Combined, "total" | "id" | "metric" | "floor">

export interface Trainer {
  /**
   * Makes one update from one batch, or from several as if they were one: the loss is that of all their images together,
   * and only batch norms see each batch by itself. If the loss, a statistic or a gradient is not finite, nothing is updated
   * and the total is NaN.
   *
   * @param choose draws for losses that select images at random
   * @throws EngineMemoryError if a batch does not fit the memory of the engine, naming a size that does
   */
  readonly step: (batches: ReadonlyArray<Batch>, learningRate: number, choose: Choose) => StepLosses
  /** Number of updates so far. */
  readonly updates: () => number
  /** Copies of weights and moments, and the number of updates so far. */
  readonly state: () => TrainerState
  readonly dispose: () => void
}

/** The part of a `TrainState` that the trainer knows. */
export type TrainerState = Pick<TrainState, "weights" | "moments" | "step">

export interface TrainerOptions {
  readonly losses: Losses
  /** Adam by default. */
  readonly optimiser?: OptimiserChoice
  /** Largest norm of all gradients together; undefined to leave them as they are. */
  readonly clip?: number | undefined
  /** Decay of the averages of weights; undefined for none. */
  readonly ema?: number | undefined
  /** Memory of earlier batches for the metric loss. */
  readonly xbm?: CrossBatchOptions | undefined
  /** The array that the metric loss learns. */
  readonly learned?: Learned | undefined
  /** Key of the first values of that array; 0. */
  readonly seed?: number
  /** Parts that are frozen or have a learning rate of their own. */
  readonly parts?: PartParams
}

/** The tensors that training changes, and the optimiser that changes them. */
interface Trained {
  readonly engine: Engine
  readonly weights: Weights
  readonly moments: Weights
  readonly trained: ReadonlyArray<string>
  readonly optimiser: ChosenOptimiser
  /** Factor of the learning rate of a weight. */
  readonly factor: (name: string) => number
}

/** Replaces weights and moments by updated ones. @param scale factor of all gradients */
const updateAll = (
  { engine, factor, moments, optimiser, trained, weights }: Trained,
  gradients: ReadonlyArray<Tensor | undefined>,
  { learningRate, scale, step }: UpdateOptions & { readonly scale: number }
): void =>
  trained.forEach((name, i) => {
    const given = gradients[i]
    if (given === undefined) return
    const gradient = scale === 1 ? given : given.mul(scale)
    const options = { learningRate: learningRate * factor(name), step }
    updateWeight(engine, optimiser, { moments, weights }, name, gradient, options)
  })

/**
 * Whether all statistics and gradients are finite, including the gradient of the array that the loss learns. The loss alone does not
 * show this, because ReLU may turn NaN into 0. The statistics of the backbone's batch norms show it. For a backbone without batch
 * norms (VGG), the engine checks the gradients in its own memory, and only the result is read. Called inside a scope.
 */
const isSound = (engine: Engine, { finite: checked, found, gradients, seen }: Backward, normed: boolean): boolean => {
  if (found.learned !== undefined && !allFinite(found.learned)) return false
  if (!seen.every(([, tensor]) => allFinite(engine.read(tensor)))) return false
  if (normed) return true
  const whole = checked ?? finite(gradients.filter((one) => one !== undefined))
  return engine.read(whole)[0] === 1
}

const NO_PARTS = { rates: undefined, freeze: undefined }

/** The batches of an update, as the memory holds them. */
const newest = (batches: ReadonlyArray<Batch>, { embeddings }: Combined) => ({
  rows: batches.reduce((sum, { size }) => sum + size, 0),
  labels: jointLabels(batches),
  embeddings
})

/**
 * Makes a trainer, which owns its tensors until `dispose`.
 *
 * @param start weights of `model`, and the optimiser's moments for each trained weight, named `MOMENT/NAME`
 */
export const makeTrainer = (engine: Engine, given: Model, options: TrainerOptions, start: TrainerState): Trainer => {
  const { clip, ema, learned, losses, optimiser = "adam", parts = NO_PARTS, seed = 0, xbm } = options
  const { factor, model, parameters } = parted(given, parts)
  const weights = uploadArrays(engine, startOf(start.weights, start.moments))
  const momentNames = new Set(momentsOf(parameters, optimiser).map(({ name }) => name))
  const moments = uploadArrays(
    engine,
    start.moments.filter(({ name }) => momentNames.has(name))
  )
  const own = learned && learning(engine, learned, { optimiser, seed, arrays: start.moments })
  let memory = memoryFrom(start.moments)
  const averages = ema === undefined ? undefined : averagesOf(engine, ema, parameters, start.weights)
  const trained = parameters.filter(({ role }) => role === "weight").map(({ name }) => name)
  const shares = new Map(parameters.map(({ name, momentum: share }) => [name, share]))
  const all = { engine, weights, moments, trained, optimiser: optimiserOf(optimiser), factor }
  const normed = isNormed({ parameters })
  const back = { engine, passes: passesOf(engine, model, { weights, losses, trained, normed }), losses, trained }
  let updates = start.step

  const average = (seen: Seen) => {
    for (const [name, tensor] of seen) {
      weights.replace(name, engine.keep(engine.blend(weights.get(name), tensor, shares.get(name) ?? 0)))
    }
  }
  /** The factor of clipping; NaN if a gradient is not finite. */
  const scaleOf = ({ gradients }: Gradients) =>
    clip === undefined
      ? 1
      : clipFactor(
          normOf(
            engine,
            gradients.filter((one) => one !== undefined)
          ),
          clip
        )

  return {
    step: (batches, learningRate, choose) => {
      const held = { memory, learned: own?.values() }
      const way = backward({ ...back, held }, batches, choose)
      try {
        return engine.scope(() => {
          const { found, gradients, seen } = way
          const scale = scaleOf(way)
          const total = Number.isFinite(scale) && isSound(engine, way, normed) ? found.total : Number.NaN
          if (Number.isFinite(total)) {
            updates++
            updateAll(all, gradients, { learningRate, step: updates, scale })
            if (found.learned !== undefined) own?.update(found.learned, { learningRate, step: updates })
            average(seen)
            averages?.add(weights, updates)
            if (xbm !== undefined && updates > (xbm.after ?? 0))
              memory = remembered(memory, newest(batches, found), xbm.size)
          }
          return { total, id: found.id, metric: found.metric, floor: found.floor }
        })
      } finally {
        release(engine, way)
      }
    },
    updates: () => updates,
    state: () => {
      const seen = averages?.arrays(weights) ?? { weights: weights.arrays(), raw: [] }
      return {
        step: updates,
        weights: seen.weights,
        moments: [...moments.arrays(), ...seen.raw, ...(own?.arrays() ?? []), ...memoryArrays(memory)]
      }
    },
    dispose: () => {
      weights.dispose()
      moments.dispose()
      averages?.dispose()
      own?.dispose()
    }
  }
}
