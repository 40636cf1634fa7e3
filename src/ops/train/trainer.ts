/** The training step: forward, loss, backward, update. Pure of Effect; owns the tensors of weights and moments. */
import type { Batch, TrainState } from "../elements.ts"
import type { Model } from "../model/model.ts"
import { uploadArrays } from "../model/weights.ts"
import type { Engine } from "../tensor/engine.ts"
import { withinMemory } from "../tensor/fitting.ts"
import type { Tensor } from "../tensor/tfjs.ts"
import { jointLabels, jointOutputs, rowsOfSlopes } from "./joint.ts"
import { type BranchesOf, type BranchValues, type Combined, combined, type Losses } from "./losses/combined.ts"
import type { Choose } from "./losses/loss.ts"
import { type OptimiserName, optimisers } from "./optimisers.ts"
import { added, type Gradients, passesOf, release, type Seen, type Slopes } from "./pass.ts"

/** Losses of one update, before it. */
export type StepLosses = Pick<Combined, "total" | "id" | "metric" | "floor">

export interface Trainer {
  /**
   * One update from one batch, or from several as if they were one: the loss is that of all their images together. Batch
   * norms alone see each batch by itself. Where the loss or a statistic is not finite nothing is updated, and the total is
   * NaN.
   *
   * @param choose draws for losses that select at random
   * @throws EngineMemoryError where a batch does not fit the engine's memory, naming a size that does
   */
  readonly step: (batches: ReadonlyArray<Batch>, learningRate: number, choose: Choose) => StepLosses
  /** Number of updates so far. */
  readonly updates: () => number
  /** Copies of weights and moments, and the number of updates so far. */
  readonly state: () => TrainerState
  readonly dispose: () => void
}

/** What the trainer knows of a `TrainState`. */
export type TrainerState = Pick<TrainState, "weights" | "moments" | "step">

export interface TrainerOptions {
  readonly losses: Losses
  readonly optimiser?: OptimiserName
  /** Of SGD; 0.9. */
  readonly momentum?: number
}

/** Gradients and statistics of one update, and its losses. */
interface Backward extends Gradients {
  readonly found: Combined
}

/**
 * @param start weights of `model`, and the optimiser's moments for each trained one, `MOMENT/NAME`
 */
export const makeTrainer = (
  engine: Engine,
  model: Model,
  { losses, momentum = 0.9, optimiser: named = "adam" }: TrainerOptions,
  start: TrainerState
): Trainer => {
  const weights = uploadArrays(engine, start.weights)
  const moments = uploadArrays(engine, start.moments)
  const passes = passesOf(engine, model, weights)
  const trained = model.parameters.filter(({ role }) => role === "weight").map(({ name }) => name)
  const shares = new Map(model.parameters.map(({ name, momentum: share }) => [name, share]))
  const optimiser = optimisers[named]
  let updates = start.step

  /** What a part alone gives is only measured, never used. */
  const passed = (batch: Batch, slopesOf: (outputs: BranchesOf<BranchValues>, part: Batch) => Slopes): Gradients =>
    withinMemory(engine, batch, (part, whole) => {
      const found = passes.gradients(part, trained, (outputs) => slopesOf(outputs, part))
      if (!whole) release(engine, found)
      return found
    })

  const backwardOne = (batch: Batch, choose: Choose): Backward => {
    let found: Combined | undefined
    const pass = passed(batch, (outputs, { labels, size }) => {
      found = combined(losses, outputs, labels, size, choose)
      return found.gradients
    })
    return { ...pass, found: found as Combined }
  }

  /**
   * The loss of several batches together needs the outputs of all before the first gradient, so that each is passed forward
   * twice (gradient cache; Gao et al., RepL4NLP 2021).
   */
  const backwardAll = (batches: ReadonlyArray<Batch>, choose: Choose): Backward => {
    const rows = batches.reduce((sum, { size }) => sum + size, 0)
    const outputs = jointOutputs(batches.map((batch) => withinMemory(engine, batch, passes.outputs)))
    const found = combined(losses, outputs, jointLabels(batches), rows, choose)
    let from = 0
    let sum: Gradients = { gradients: trained.map(() => undefined), seen: [] }
    try {
      for (const batch of batches) {
        const pass = passed(batch, (_, part) => rowsOfSlopes(found.gradients, rows, from, from + part.size))
        sum = added(engine, sum, pass)
        from += batch.size
      }
    } catch (fault) {
      release(engine, sum)
      throw fault
    }
    return { ...sum, found }
  }

  const update = (gradients: ReadonlyArray<Tensor | undefined>, learningRate: number) => {
    updates++
    trained.forEach((name, i) => {
      const gradient = gradients[i]
      if (gradient === undefined) return
      const keys = optimiser.moments.map((moment) => `${moment}/${name}`)
      const options = { learningRate, step: updates, momentum }
      const next = optimiser.update(engine, weights.get(name), keys.map(moments.get), gradient, options)
      weights.replace(name, engine.keep(next.weight))
      next.moments.forEach((moment, at) => void moments.replace(keys[at], engine.keep(moment)))
    })
  }

  const average = (seen: Seen) => {
    for (const [name, tensor] of seen) {
      weights.replace(name, engine.keep(engine.blend(weights.get(name), tensor, shares.get(name) ?? 0)))
    }
  }

  return {
    step: (batches, learningRate, choose) => {
      const back = batches.length === 1 ? backwardOne(batches[0], choose) : backwardAll(batches, choose)
      try {
        return engine.scope(() => {
          const { found, gradients, seen } = back
          // ReLU may turn NaN into 0, and then the loss would not show it; the statistics do.
          const sound = seen.every(([, tensor]) => engine.read(tensor).every(Number.isFinite))
          const total = sound ? found.total : Number.NaN
          if (Number.isFinite(total)) {
            update(gradients, learningRate)
            average(seen)
          }
          return { total, id: found.id, metric: found.metric, floor: found.floor }
        })
      } finally {
        release(engine, back)
      }
    },
    updates: () => updates,
    state: () => ({ step: updates, weights: weights.arrays(), moments: moments.arrays() }),
    dispose: () => {
      weights.dispose()
      moments.dispose()
    }
  }
}
