/** One pass of a batch through a network in training: outputs of all branches, batch statistics, gradients. */
import type { Batch } from "../elements.ts"
import type { Branches } from "../model/heads/single.ts"
import type { Model } from "../model/model.ts"
import type { Weights } from "../model/weights/tensors.ts"
import { plus } from "../tensor/elementwise.ts"
import type { Engine } from "../tensor/engine.ts"
import { trainingPasses } from "../tensor/passes.ts"
import type { Tensor } from "../tensor/tfjs.ts"
import type { BranchesOf, BranchValues, Combined, Losses } from "./losses/combined.ts"

export type Slopes = Combined["gradients"]

/** Statistics of the batch norms, in their order. */
export type Seen = ReadonlyArray<readonly [name: string, tensor: Tensor]>

/** Result of a backward pass; `release` disposes it. */
export interface Gradients {
  /** In the order of the weights; undefined for weights that the loss does not depend on. */
  readonly gradients: ReadonlyArray<Tensor | undefined>
  readonly seen: Seen
  /** Whether all gradients are finite, for one batch of a network without batch norms. */
  readonly finite?: Tensor | undefined
}

/** Disposes gradients, statistics and the check. */
export const release = (engine: Engine, { finite, gradients, seen }: Gradients): void => {
  engine.dispose([...gradients, finite].filter((one) => one !== undefined))
  engine.dispose(seen.map(([, tensor]) => tensor))
}

const sumOf = (engine: Engine, a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined => {
  if (a === undefined || b === undefined) return a ?? b
  const sum = engine.scope(() => engine.keep(plus(a, b)))
  engine.dispose([a, b])
  return sum
}

/** Adds gradients and joins statistics. Both arguments are released, also if adding fails. The sum is not checked. */
export const added = (engine: Engine, a: Gradients, b: Gradients): Gradients => {
  const seen = [...a.seen, ...b.seen]
  engine.dispose([a.finite, b.finite].filter((one) => one !== undefined))
  const gradients: Array<Tensor | undefined> = []
  try {
    for (const [i, one] of a.gradients.entries()) gradients.push(sumOf(engine, one, b.gradients[i]))
    return { gradients, seen }
  } catch (fault) {
    release(engine, { gradients: [...new Set([...gradients, ...a.gradients, ...b.gradients])], seen })
    throw fault
  }
}

/**
 * Whether the backbone has batch norms that are trained. Their statistics show values that are not finite, so without them the
 * gradients are checked.
 */
export const isNormed = ({ parameters }: Pick<Model, "parameters">): boolean =>
  parameters.some(({ name, role }) => role === "statistic" && name.startsWith("encoder."))

export interface Passes {
  /** Outputs without gradients, for losses over several batches. */
  readonly outputs: (batch: Batch) => BranchesOf<BranchValues>
  /**
   * Gradients with respect to the trained weights. `slopesOf` gives the derivatives of the loss with respect to the outputs.
   * The caller releases the gradients.
   */
  readonly gradients: (batch: Batch, slopesOf: (outputs: BranchesOf<BranchValues>) => Slopes) => Gradients
}

const KINDS = ["local", "global"] as const

/** Outputs in a row: embedding and logits of each local branch, then of each global one. */
const inARow = <A>(branches: BranchesOf<{ readonly [K in keyof BranchValues]: A }>): ReadonlyArray<A> =>
  KINDS.flatMap((kind) => branches[kind].flatMap(({ embedding, logits }) => [embedding, logits]))

/** What the passes of a network need beside it. */
interface PassOptions {
  readonly weights: Weights
  /** Which outputs have slopes follows from them. */
  readonly losses: Losses
  /** Names of the weights that are trained, in the order of their gradients. */
  readonly trained: ReadonlyArray<string>
  /** Whether the backbone has batch norms that are trained, see `isNormed`. */
  readonly normed: boolean
}

/** The passes of a network with its weights. */
export const passesOf = (engine: Engine, model: Model, { losses, normed, trained, weights }: PassOptions): Passes => {
  // A network always has the same number of local branches; it is known once the network has run.
  let locals = 0
  const passes = trainingPasses(engine, {
    run: (images, observe) => {
      const branches: Branches = model.branches({ engine, get: weights.get, observe }, images)
      locals = branches.local.length
      return inARow(branches)
    },
    weights: () => model.parameters.map(({ name }) => weights.get(name)),
    trained: () => trained.map(weights.get),
    wanted: (output) => (output % 2 === 0 ? losses.metric : losses.id) !== undefined,
    checked: !normed
  })
  const branchesOf = (values: ReadonlyArray<Float32Array>): BranchesOf<BranchValues> => {
    const all = Array.from({ length: values.length / 2 }, (_, i) => ({
      embedding: values[2 * i],
      logits: values[2 * i + 1]
    }))
    return { local: all.slice(0, locals), global: all.slice(locals) }
  }
  const shapeOf = ({ bands, height, size, width }: Batch) => [size, height, width, bands.length]
  return {
    outputs: (batch) => branchesOf(passes.outputs(batch.images, shapeOf(batch))),
    gradients: (batch, slopesOf) =>
      passes.gradients(batch.images, shapeOf(batch), (values) => inARow(slopesOf(branchesOf(values))))
  }
}
