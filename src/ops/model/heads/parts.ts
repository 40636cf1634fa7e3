/**
 * Part-based head: features are cut into pieces, and each pooled piece has its own embedding and logits.
 *
 * A split [c, h, w] of `parts` cuts the channels into c groups, the rows into h and the columns into w. Beside the pieces
 * (local branches), each split has one embedding of the whole map (global branch).
 */
import { concat, plus, slice, times } from "../../tensor/elementwise.ts"
import type { Tensor } from "../../tensor/tfjs.ts"
import { linear } from "../layers/convolution.ts"
import type { Layer, Parameter, Pass } from "../layers/layer.ts"
import { rowBatchNorm } from "../layers/norm.ts"
import type { Branch, Branches, Head } from "./single.ts"

export type Part = readonly [channels: number, height: number, width: number]

/** The split of the single head: one piece, the whole map. */
export const SINGLE: ReadonlyArray<Part> = [[1, 1, 1]]

export const isSingle = (parts: ReadonlyArray<Part>): boolean => parts.length === 1 && parts[0].every((n) => n === 1)

/** Linear layer that gives the embedding; batch norm and a linear layer without bias give logits from it. */
export interface Neck {
  readonly parameters: ReadonlyArray<Parameter>
  readonly embed: (pass: Pass, pooled: Tensor) => Tensor
  readonly logits: (pass: Pass, embedding: Tensor) => Tensor
}

export const neck = (name: string, from: number, dim: number, classes: number): Neck => {
  const first = linear(`${name}.fc1`, from, dim, { bias: true })
  const norm = rowBatchNorm(`${name}.bn`, dim)
  const second = linear(`${name}.fc2`, dim, classes)
  return {
    parameters: [...first.parameters, ...norm.parameters, ...second.parameters],
    embed: first.apply,
    logits: (pass, embedding) => second.apply(pass, norm.apply(pass, embedding))
  }
}

interface Range {
  readonly from: number
  readonly size: number
}

/**
 * Cuts a length into pieces of ceil(length / count); the last one may be smaller. There can be fewer pieces than `count`.
 *
 * @example
 * chunks(4, 3) // => [{ from: 0, size: 2 }, { from: 2, size: 2 }]
 */
export const chunks = (length: number, count: number): ReadonlyArray<Range> => {
  const size = Math.ceil(length / count)
  return Array.from({ length: Math.ceil(length / size) }, (_, i) => ({
    from: i * size,
    size: Math.min(size, length - i * size)
  }))
}

/** Pieces of features [n, h, w, c], ordered by channels, then rows, then columns. */
const pieces = (features: Tensor, [c, h, w]: Part): ReadonlyArray<Tensor> => {
  const [N, H, W, C] = features.shape as [number, number, number, number]
  return chunks(C, c).flatMap((channel) =>
    chunks(H, h).flatMap((row) =>
      chunks(W, w).map((column) =>
        slice(features, [0, row.from, column.from, channel.from], [N, row.size, column.size, channel.size])
      )
    )
  )
}

const count = ([c, h, w]: Part): number => c * h * w

/** For each split, the necks of its pieces, and one neck of the whole map. */
const necksOf = (width: number, parts: ReadonlyArray<Part>, dim: number, classes: number) => {
  const named = (pack: string, from: number, i: number) => neck(`head.head.${pack}.${i}`, from, dim, classes)
  let pieces = 0
  const local = parts.map((part) =>
    Array.from({ length: count(part) }, () => named("bnneck_pack", Math.floor(width / part[0]), pieces++))
  )
  return { local, global: parts.map((_, i) => named("bnn_triplet_pack", width, i)) }
}

/**
 * Pieces that a split gives on features of a given size, in the form of the split: [channels, height, width].
 *
 * @example
 * piecesOf([1, 3, 1], 512, 4, 4) // => [1, 2, 1]
 */
export const piecesOf = ([c, h, w]: Part, channels: number, height: number, width: number): Part => [
  chunks(channels, c).length,
  chunks(height, h).length,
  chunks(width, w).length
]

/** A pooled piece and the neck that it enters. */
interface PooledPiece {
  readonly neck: Neck
  readonly pooled: Tensor
}

interface Pooled {
  readonly local: ReadonlyArray<PooledPiece>
  readonly global: ReadonlyArray<PooledPiece>
}

/** Embeddings [n, d] side by side. */
const joined = (embeddings: ReadonlyArray<Tensor>): Tensor => concat(embeddings, 1)

const meanLogits = ({ engine }: Pass, branches: ReadonlyArray<Branch>): Tensor =>
  times(branches.map(({ logits }) => logits).reduce(plus), engine.tensor(Float32Array.of(1 / branches.length), [1]))

/**
 * Part-based head. The embedding is all local embeddings, then all global ones, end to end. Branches are in the same order:
 * the pieces of each split, then the whole once per split.
 *
 * A map that is too small for a split gives fewer pieces, as `torch.chunk` does in the original. The embedding is then
 * shorter, and the necks of the missing pieces are not used.
 *
 * @param width channels of the features; the first number of each split divides it
 * @param dim length of the embedding of a piece
 * @param firstLogits whether the logits are those of the first piece, as in the original; by default they are the mean over
 * all branches
 */
export const partsHead = (
  pool: Layer,
  width: number,
  parts: ReadonlyArray<Part>,
  dim: number,
  classes: number,
  firstLogits = false
): Head => {
  const { global, local } = necksOf(width, parts, dim, classes)
  const necks = [...local.flat(), ...global]
  const pooledPieces = (pass: Pass, features: Tensor): Pooled => {
    const cut = parts.flatMap((part, i) =>
      pieces(features, part).map((piece, j) => ({ neck: local[i][j], pooled: pool.apply(pass, piece) }))
    )
    const whole = pool.apply(pass, features)
    return { local: cut, global: global.map((neck) => ({ neck, pooled: whole })) }
  }
  const branches = (pass: Pass, features: Tensor): Branches => {
    const branch = ({ neck, pooled }: PooledPiece): Branch => {
      const embedding = neck.embed(pass, pooled)
      return { embedding, logits: neck.logits(pass, embedding) }
    }
    const found = pooledPieces(pass, features)
    return { local: found.local.map(branch), global: found.global.map(branch) }
  }
  return {
    parameters: [...pool.parameters, ...necks.flatMap(({ parameters }) => parameters)],
    dim: necks.length * dim,
    branches,
    embed: (pass, features) => {
      const found = pooledPieces(pass, features)
      return joined([...found.local, ...found.global].map(({ neck, pooled }) => neck.embed(pass, pooled)))
    },
    predict: (pass, features) => {
      const found = branches(pass, features)
      const all = [...found.local, ...found.global]
      const embedding = joined(all.map((one) => one.embedding))
      return { embedding, logits: firstLogits ? all[0].logits : meanLogits(pass, all) }
    }
  }
}
