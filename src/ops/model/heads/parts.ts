/**
 * The part-based head: features are cut into pieces, and each piece, pooled, has its own embedding and its own logits.
 *
 * Every split [c, h, w] of `parts` cuts channels into c, rows into h and columns into w; beside its pieces (local), it has
 * one embedding of the whole (global).
 */
import { concat, plus, slice, times } from "../../tensor/elementwise.ts"
import type { Tensor } from "../../tensor/tfjs.ts"
import { linear } from "../layers/convolution.ts"
import type { Layer, Parameter, Pass } from "../layers/layer.ts"
import { rowBatchNorm } from "../layers/norm.ts"
import type { Branch, Head } from "./single.ts"

export type Part = readonly [channels: number, height: number, width: number]

/** The split of the single head: everything in one piece. */
export const SINGLE: ReadonlyArray<Part> = [[1, 1, 1]]

export const isSingle = (parts: ReadonlyArray<Part>): boolean => parts.length === 1 && parts[0].every((n) => n === 1)

/** A linear layer to the embedding, which logits look at through batch norm and another without bias. */
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
 * Cuts a length into pieces of ceil(length / count), the last one smaller. There can be fewer pieces than asked for: 4 in
 * 3 gives 2 and 2.
 */
export const chunks = (length: number, count: number): ReadonlyArray<Range> => {
  const size = Math.ceil(length / count)
  return Array.from({ length: Math.ceil(length / size) }, (_, i) => ({
    from: i * size,
    size: Math.min(size, length - i * size)
  }))
}

/** The pieces of features, channels first, then rows, then columns. */
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

/** A neck and what it takes. */
interface Piece {
  readonly neck: Neck
  readonly pooled: Tensor
}

/** Necks of the pieces of each split, and one of the whole for each split. */
const necksOf = (width: number, parts: ReadonlyArray<Part>, dim: number, classes: number) => {
  const named = (pack: string, from: number, i: number) => neck(`head.head.${pack}.${i}`, from, dim, classes)
  let pieces = 0
  const local = parts.map((part) =>
    Array.from({ length: count(part) }, () => named("bnneck_pack", Math.floor(width / part[0]), pieces++))
  )
  return { local, global: parts.map((_, i) => named("bnn_triplet_pack", width, i)) }
}

/** @throws RangeError where a map gives fewer pieces than it is to be cut into */
const checkCut = ({ shape: [, H, W] }: Tensor, cut: ReadonlyArray<Piece>, pieces: number): void => {
  if (cut.length === pieces) return
  throw new RangeError(`features of ${H}x${W} cannot be cut into all of \`parts\`; take larger images or fewer parts`)
}

/**
 * Embeddings are all local ones, then all global ones, end to end. Logits are the mean of those of all branches. Branches
 * are those of each piece, in the order of `parts`, and of the whole, once for each split.
 *
 * `embed` and `branches` throw a RangeError where a map is too small to be cut into all its pieces: embeddings would be
 * shorter than others, and necks that training never saw would stay as they were drawn.
 *
 * @param width channels of the features, which the splits of `parts` divide
 * @param dim length of the embedding of a piece
 * @param original whether branches leave out the pieces that a small map does not give, as the original's do
 */
export const partsHead = (
  pool: Layer,
  width: number,
  parts: ReadonlyArray<Part>,
  dim: number,
  classes: number,
  original = false
): Head => {
  const { global, local } = necksOf(width, parts, dim, classes)
  const necks = [...local.flat(), ...global]
  const localPieces = (pass: Pass, features: Tensor, whole: boolean): ReadonlyArray<Piece> => {
    const cut = parts.flatMap((part, i) =>
      pieces(features, part).map((piece, j) => ({ neck: local[i][j], pooled: pool.apply(pass, piece) }))
    )
    if (whole) checkCut(features, cut, local.flat().length)
    return cut
  }
  const globalPieces = (pass: Pass, features: Tensor): ReadonlyArray<Piece> => {
    const pooled = pool.apply(pass, features)
    return global.map((one) => ({ neck: one, pooled }))
  }
  const branch =
    (pass: Pass) =>
    ({ neck, pooled }: Piece): Branch => {
      const embedding = neck.embed(pass, pooled)
      return { embedding, logits: neck.logits(pass, embedding) }
    }
  return {
    parameters: [...pool.parameters, ...necks.flatMap(({ parameters }) => parameters)],
    dim: necks.length * dim,
    branches: (pass, features) => ({
      local: localPieces(pass, features, !original).map(branch(pass)),
      global: globalPieces(pass, features).map(branch(pass))
    }),
    embed: (pass, features) => {
      const all = [...localPieces(pass, features, true), ...globalPieces(pass, features)]
      return concat(
        all.map(({ neck, pooled }) => neck.embed(pass, pooled)),
        1
      )
    },
    logits: (pass, embeddings) => {
      const [N = 0] = embeddings.shape
      const each = necks.map((one, i) => one.logits(pass, slice(embeddings, [0, i * dim], [N, dim])))
      return times(each.reduce(plus), pass.engine.tensor(Float32Array.of(1 / necks.length), [1]))
    }
  }
}
