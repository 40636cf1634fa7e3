/** Shapes of convolutions and pools with symmetric padding, as PyTorch counts them. */

export interface ConvOptions {
  /** Step in both directions, at least 1. */
  readonly stride: number
  /** Rows and columns of zeros on every side. */
  readonly padding: number
  /** Distance between neighbouring taps, at least 1. */
  readonly dilation: number
}

export interface PoolOptions {
  readonly size: number
  readonly stride: number
  readonly padding: number
}

/**
 * Output length along one axis: floor((n + 2 padding - dilation (k - 1) - 1) / stride) + 1.
 *
 * @param n input length
 * @param k filter length
 */
export const outputLength = (n: number, k: number, { stride, padding, dilation }: ConvOptions): number =>
  Math.floor((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1

/** All lengths of one convolution: input [N, H, W, C], filter [KH, KW, C, O], output [N, OH, OW, O]. */
export interface ConvGeometry extends ConvOptions {
  readonly N: number
  readonly H: number
  readonly W: number
  readonly C: number
  readonly KH: number
  readonly KW: number
  readonly O: number
  readonly OH: number
  readonly OW: number
}

/** @throws RangeError when channels differ or the padded input is smaller than the filter */
export const convGeometry = (
  x: ReadonlyArray<number>,
  w: ReadonlyArray<number>,
  options: ConvOptions
): ConvGeometry => {
  const [N, H, W, C] = x
  const [KH, KW, filterChannels, O] = w
  if (C !== filterChannels) throw new RangeError(`an input of ${C} channels does not fit a filter of ${filterChannels}`)
  const OH = outputLength(H, KH, options)
  const OW = outputLength(W, KW, options)
  if (OH < 1 || OW < 1) {
    throw new RangeError(`an image of ${H}x${W} pixels is smaller than a filter of ${KH}x${KW}`)
  }
  return { ...options, N, H, W, C, KH, KW, O, OH, OW }
}
