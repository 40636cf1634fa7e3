/**
 * The part-based head: features are cut into pieces, and each piece, pooled, has its own embedding and its own logits.
 *
 * Every split [c, h, w] of `parts` cuts channels into c, rows into h and columns into w; beside its pieces (local), it has
 * one embedding of the whole (global).
 */
import { concat, plus, slice, times } from "../tensor/elementwise.ts"
import type { Tensor } from "../tensor/tfjs.ts"
import { linear } from "./convolution.ts"
import type { Branch, Head } from "./head.ts"
import type { Layer, Parameter, Pass } from "./layer.ts"
import { rowBatchNorm } from "./norm.ts"

export type Part = readonly [channels: number, height: number, width: number]

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

/**
 * Embeddings are all local ones, then all global ones, end to end. Logits are the mean of those of all branches. Branches
 * are those of each piece, in the order of `parts`, and of the whole, once for each split; maps too small leave pieces out.
 *
 * `embed` throws a RangeError where a map is too small to be cut into all its pieces: its embeddings would be shorter than
 * others.
 *
 * @param width channels of the features
 * @param dim length of the embedding of a piece
 */
export const partsHead = (
  pool: Layer,
  width: number,
  parts: ReadonlyArray<Part>,
  dim: number,
  classes: number
): Head => {
  const named = (pack: string) => (from: number, i: number) => neck(`head.head.${pack}.${i}`, from, dim, classes)
  const widths = parts.flatMap((part) => Array.from({ length: count(part) }, () => Math.floor(width / part[0])))
  const local = widths.map(named("bnneck_pack"))
  const global = parts.map((_, i) => named("bnn_triplet_pack")(width, i))
  const necks = [...local, ...global]

  const localPieces = (pass: Pass, features: Tensor): ReadonlyArray<Piece> =>
    parts.flatMap((part, i) => {
      const before = parts.slice(0, i).reduce((sum, other) => sum + count(other), 0)
      return pieces(features, part).map((piece, j) => ({ neck: local[before + j], pooled: pool.apply(pass, piece) }))
    })
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
      local: localPieces(pass, features).map(branch(pass)),
      global: globalPieces(pass, features).map(branch(pass))
    }),
    embed: (pass, features) => {
      const cut = localPieces(pass, features)
      if (cut.length < local.length) {
        const [, H, W] = features.shape
        throw new RangeError(
          `features of ${H}x${W} cannot be cut into all of \`parts\`; take larger images or fewer parts`
        )
      }
      const all = [...cut, ...globalPieces(pass, features)]
      return concat(
        all.map(({ neck, pooled }) => neck.embed(pass, pooled)),
        1
      )
    },
    logits: (pass, embeddings) => {
      const [N = 0] = embeddings.shape
      const each = necks.map((one, i) => one.logits(pass, slice(embeddings, [0, i * dim], [N, dim])))
      const sum = each.reduce(plus)
      return times(sum, pass.engine.tensor(Float32Array.of(1 / necks.length), [1]))
    }
  }
}
