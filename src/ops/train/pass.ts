/** One pass of a batch through a network in training: outputs of all branches, batch statistics, gradients. */
import type { Batch } from "../elements.ts"
import type { Branches } from "../model/heads/single.ts"
import type { Model } from "../model/model.ts"
import type { Weights } from "../model/weights/tensors.ts"
import { plus } from "../tensor/elementwise.ts"
import type { Engine } from "../tensor/engine.ts"
import type { Tensor } from "../tensor/tfjs.ts"
import type { BranchesOf, BranchValues, Combined } from "./losses/combined.ts"

export type Slopes = Combined["gradients"]

/** Statistics of the batch norms, in their order. */
export type Seen = ReadonlyArray<readonly [name: string, tensor: Tensor]>

/** Result of a backward pass; `release` disposes it. */
export interface Gradients {
  /** In the order of the weights; undefined for weights that the loss does not depend on. */
  readonly gradients: ReadonlyArray<Tensor | undefined>
  readonly seen: Seen
}

/** Disposes gradients and statistics. */
export const release = (engine: Engine, { gradients, seen }: Gradients): void => {
  engine.dispose(gradients.filter((one) => one !== undefined))
  engine.dispose(seen.map(([, tensor]) => tensor))
}

const sumOf = (engine: Engine, a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined => {
  if (a === undefined || b === undefined) return a ?? b
  const sum = engine.scope(() => engine.keep(plus(a, b)))
  engine.dispose([a, b])
  return sum
}

/** Adds gradients and joins statistics. Both arguments are released, also if adding fails. */
export const added = (engine: Engine, a: Gradients, b: Gradients): Gradients => {
  const seen = [...a.seen, ...b.seen]
  const gradients: Array<Tensor | undefined> = []
  try {
    for (const [i, one] of a.gradients.entries()) gradients.push(sumOf(engine, one, b.gradients[i]))
    return { gradients, seen }
  } catch (fault) {
    release(engine, { gradients: [...new Set([...gradients, ...a.gradients, ...b.gradients])], seen })
    throw fault
  }
}

export interface Passes {
  /** Outputs without gradients, for losses over several batches. */
  readonly outputs: (batch: Batch) => BranchesOf<BranchValues>
  /**
   * Gradients with respect to the named weights. `slopesOf` gives the derivatives of the loss with respect to the outputs.
   * The caller releases the gradients.
   */
  readonly gradients: (
    batch: Batch,
    names: ReadonlyArray<string>,
    slopesOf: (outputs: BranchesOf<BranchValues>) => Slopes
  ) => Gradients
}

const upload = (engine: Engine, { images, size, height, width, bands }: Batch): Tensor =>
  engine.tensor(images, [size, height, width, bands.length])

const read = (engine: Engine, { local, global }: Branches): BranchesOf<BranchValues> => {
  const values = ({ embedding, logits }: Branches["local"][number]) => ({
    embedding: engine.read(embedding),
    logits: engine.read(logits)
  })
  return { local: local.map(values), global: global.map(values) }
}

/** A sum of the outputs, weighted by the known gradient of the loss: its backward pass starts from exactly that gradient. */
const asSum = (engine: Engine, branches: Branches, slopes: Slopes): Tensor => {
  const sums = (["local", "global"] as const).flatMap((kind) =>
    branches[kind].flatMap(({ embedding, logits }, i) => {
      const of = slopes[kind][i]
      return [
        ...(of.embedding === undefined ? [] : [engine.weightedSum(embedding, of.embedding)]),
        ...(of.logits === undefined ? [] : [engine.weightedSum(logits, of.logits)])
      ]
    })
  )
  return sums.reduce(plus)
}

/** The passes of a network with its weights. */
export const passesOf = (engine: Engine, model: Model, weights: Weights): Passes => ({
  outputs: (batch) =>
    engine.scope(() => {
      const pass = { engine, get: weights.get, observe: (_: string, tensor: Tensor) => engine.dispose([tensor]) }
      return read(engine, model.branches(pass, upload(engine, batch)))
    }),
  gradients: (batch, names, slopesOf) => {
    const seen: Array<readonly [string, Tensor]> = []
    const pass = { engine, get: weights.get, observe: (name: string, tensor: Tensor) => void seen.push([name, tensor]) }
    const body = () => {
      const images = upload(engine, batch)
      const { gradients } = engine.gradients(() => {
        const branches = model.branches(pass, images)
        return asSum(engine, branches, slopesOf(read(engine, branches)))
      }, names.map(weights.get))
      return gradients.map((one) => (one === undefined ? undefined : engine.keep(one)))
    }
    try {
      return { gradients: engine.scope(body), seen }
    } catch (fault) {
      engine.dispose(seen.map(([, tensor]) => tensor))
      throw fault
    }
  }
})
