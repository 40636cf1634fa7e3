/**
 * Operations that networks need between convolutions: gates, means, products, cuts. They are the tensors' own methods, so
 * that every engine has them, with gradients; called, as all operations, inside an engine's `scope`.
 */
import type { Tensor } from "./tfjs.ts"

export const plus = (a: Tensor, b: Tensor): Tensor => a.add(b)

/** Elementwise; lengths of 1 are repeated. */
export const times = (a: Tensor, b: Tensor): Tensor => a.mul(b)

/** 1 / (1 + e^-x). */
export const sigmoid = (x: Tensor): Tensor => x.sigmoid()

/** x sigmoid(x) (Ramachandran et al. 2017). */
export const swish = (x: Tensor): Tensor => x.mul(x.sigmoid())

/** Over the last axis. */
export const softmax = (x: Tensor): Tensor => x.softmax(-1)

/** Mean over rows and columns, [N, H, W, C] to [N, 1, 1, C]. */
export const spatialMean = (x: Tensor): Tensor => x.mean([1, 2], true)

/**
 * Largest value over some axes, whose lengths become 1. Where several cells hold it, they share the gradient: the maximum
 * of the library would give the whole gradient to each of them.
 */
const sharedMax = (x: Tensor, axes: Array<number>): Tensor => {
  const below = x.max(axes, true).sub(x).step()
  const at = below.neg().add(1)
  return x.mul(at).sum(axes, true).div(at.sum(axes, true))
}

/** Largest value over rows and columns, [N, H, W, C] to [N, 1, 1, C]. Cells that hold it share the gradient. */
export const spatialMax = (x: Tensor): Tensor => sharedMax(x, [1, 2])

/** Largest value and mean over channels, [N, H, W, C] to [N, H, W, 2]. Channels that hold the largest share its gradient. */
export const channelMaxAndMean = (x: Tensor): Tensor => sharedMax(x, [3]).concat(x.mean(3, true), 3)

/**
 * Generalised mean over rows and columns (Radenovic et al. 2018): mean(max(x, floor)^p)^(1/p), [N, H, W, C] to
 * [N, 1, 1, C].
 *
 * @param p one value, [1]
 */
export const generalisedMean = (x: Tensor, p: Tensor, floor: number): Tensor =>
  x.maximum(floor).pow(p).mean([1, 2], true).pow(p.reciprocal())

export const reshape = (x: Tensor, shape: ReadonlyArray<number>): Tensor => x.reshape([...shape])

/** Tensors end to end along an axis. */
export const concat = (parts: ReadonlyArray<Tensor>, axis: number): Tensor => {
  const [first, ...rest] = parts
  return rest.length === 0 ? first : first.concat(rest, axis)
}

/** The part of a tensor from `begin` on that has `size` cells along each axis. */
export const slice = (x: Tensor, begin: ReadonlyArray<number>, size: ReadonlyArray<number>): Tensor =>
  x.slice([...begin], [...size])

/** For each n, a[n] times b[n]; either may be transposed first: [N, I, K] and [N, K, J] to [N, I, J]. */
export const batchMatMul = (
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {}
): Tensor => a.matMul(b, transposeA, transposeB)

/** Largest value over the last axis minus x. */
export const belowMax = (x: Tensor): Tensor => x.max(-1, true).sub(x)
