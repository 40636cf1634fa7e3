/**
 * Operations that networks need between convolutions: gates, means, products, slices. They are methods of the tensors, so
 * every engine has them, with gradients. Like all operations, they are called inside an engine's `scope`.
 */
import type { Tensor } from "./tfjs.ts"

export const plus = (a: Tensor, b: Tensor): Tensor => a.add(b)

/** Returns a b, element by element; axes of length 1 are repeated. */
export const times = (a: Tensor, b: Tensor): Tensor => a.mul(b)

/** Returns 1 / (1 + e^-x), of the shape of x. */
export const sigmoid = (x: Tensor): Tensor => x.sigmoid()

/** Returns x sigmoid(x), of the shape of x (Ramachandran et al. 2017). */
export const swish = (x: Tensor): Tensor => x.mul(x.sigmoid())

/** Returns the softmax over the last axis. */
export const softmax = (x: Tensor): Tensor => x.softmax(-1)

/** Returns the mean over rows and columns: [N, H, W, C] to [N, 1, 1, C]. */
export const spatialMean = (x: Tensor): Tensor => x.mean([1, 2], true)

/**
 * Returns the largest value over some axes, whose lengths become 1. Cells that hold it share the gradient; the library's own
 * maximum would give the whole gradient to each of them.
 */
const sharedMax = (x: Tensor, axes: Array<number>): Tensor => {
  const below = x.max(axes, true).sub(x).step()
  const at = below.neg().add(1)
  return x.mul(at).sum(axes, true).div(at.sum(axes, true))
}

/** Returns the largest value over rows and columns: [N, H, W, C] to [N, 1, 1, C]. Cells that hold it share the gradient. */
export const spatialMax = (x: Tensor): Tensor => sharedMax(x, [1, 2])

/** Returns largest value and mean over channels: [N, H, W, C] to [N, H, W, 2]. Channels that hold the largest share its gradient. */
export const channelMaxAndMean = (x: Tensor): Tensor => sharedMax(x, [3]).concat(x.mean(3, true), 3)

/**
 * Returns the generalised mean over rows and columns (Radenovic et al. 2018): mean(max(x, floor)^p)^(1/p), [N, H, W, C] to
 * [N, 1, 1, C].
 *
 * @param p one value, [1]
 */
export const generalisedMean = (x: Tensor, p: Tensor, floor: number): Tensor =>
  x.maximum(floor).pow(p).mean([1, 2], true).pow(p.reciprocal())

export const reshape = (x: Tensor, shape: ReadonlyArray<number>): Tensor => x.reshape([...shape])

/** Concatenates tensors along an axis. */
export const concat = (parts: ReadonlyArray<Tensor>, axis: number): Tensor => {
  const [first, ...rest] = parts
  return rest.length === 0 ? first : first.concat(rest, axis)
}

/** Returns the part of a tensor that starts at `begin` and has `size` cells along each axis. */
export const slice = (x: Tensor, begin: ReadonlyArray<number>, size: ReadonlyArray<number>): Tensor =>
  x.slice([...begin], [...size])

/** Returns a[n] times b[n] for each n: [N, I, K] and [N, K, J] to [N, I, J]. Either may be transposed first. */
export const batchMatMul = (
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {}
): Tensor => a.matMul(b, transposeA, transposeB)

/** Returns one boolean tensor: whether all values of all tensors are finite. Nothing is copied from the device. */
export const finite = (tensors: ReadonlyArray<Tensor>): Tensor =>
  tensors.map((x) => x.isFinite().all()).reduce((a, b) => a.logicalAnd(b))

/** Returns the largest value over the last axis minus x, of the shape of x. */
export const belowMax = (x: Tensor): Tensor => x.max(-1, true).sub(x)
