/** The backward pass from a loss to gradients, for one batch or for several that count as one. */
import type { Batch } from "../elements.ts"
import type { Engine } from "../tensor/engine.ts"
import { withinMemory } from "../tensor/fitting.ts"
import { jointLabels, jointOutputs, jointSoft, rowsOfSlopes } from "./joint.ts"
import {
  type BranchesOf,
  type BranchValues,
  type Combined,
  combined,
  type Held,
  type Losses
} from "./losses/combined.ts"
import type { Choose } from "./losses/loss.ts"
import { added, type Gradients, type Passes, release, type Slopes } from "./pass.ts"

/** Gradients and statistics of one update, and its losses; `release` disposes it. */
export interface Backward extends Gradients {
  readonly found: Combined
}

export interface BackwardOptions {
  readonly engine: Engine
  readonly passes: Passes
  readonly losses: Losses
  /** What the metric loss knows beside the batches. */
  readonly held?: Held
  /** Names of the weights that are trained, in the order of their gradients. */
  readonly trained: ReadonlyArray<string>
}

type SlopesOf = (outputs: BranchesOf<BranchValues>, part: Batch) => Slopes

/** Gradients of a batch. Gradients of a part only serve to measure memory and are released. */
const passed = ({ engine, passes }: BackwardOptions, batch: Batch, slopesOf: SlopesOf): Gradients =>
  withinMemory(engine, batch, (part, whole) => {
    const found = passes.gradients(part, (outputs) => slopesOf(outputs, part))
    if (!whole) release(engine, found)
    return found
  })

const backwardOne = (options: BackwardOptions, batch: Batch, choose: Choose): Backward => {
  let found: Combined | undefined
  const pass = passed(options, batch, (outputs, { labels, size, soft }) => {
    found = combined(options.losses, outputs, labels, size, choose, { ...options.held, soft })
    return found.gradients
  })
  return { ...pass, found: found as Combined }
}

/**
 * Gradients of a loss over several batches. The loss needs the outputs of all batches before the first gradient, so each
 * batch is passed forward twice (gradient cache; Gao et al., RepL4NLP 2021).
 */
const backwardAll = (options: BackwardOptions, batches: ReadonlyArray<Batch>, choose: Choose): Backward => {
  const { engine, losses, passes, trained } = options
  const rows = batches.reduce((sum, { size }) => sum + size, 0)
  const outputs = jointOutputs(batches.map((batch) => withinMemory(engine, batch, passes.outputs)))
  const found = combined(losses, outputs, jointLabels(batches), rows, choose, {
    ...options.held,
    soft: jointSoft(batches)
  })
  let from = 0
  let sum: Gradients = { gradients: trained.map(() => undefined), seen: [] }
  try {
    for (const batch of batches) {
      const pass = passed(options, batch, (_, part) => rowsOfSlopes(found.gradients, rows, from, from + part.size))
      sum = added(engine, sum, pass)
      from += batch.size
    }
  } catch (fault) {
    release(engine, sum)
    throw fault
  }
  return { ...sum, found }
}

/**
 * The losses of some batches together, and their gradients, float32 in the shapes of the weights.
 *
 * @param choose draws for losses that select images at random
 * @throws EngineMemoryError if a batch does not fit the memory of the engine, naming a size that does
 */
export const backward = (options: BackwardOptions, batches: ReadonlyArray<Batch>, choose: Choose): Backward =>
  batches.length === 1 ? backwardOne(options, batches[0], choose) : backwardAll(options, batches, choose)
