/** Shapes of convolutions and pools with explicit padding, as PyTorch counts them. */

/** Rows and columns around an image. */
export type Sides = readonly [top: number, bottom: number, left: number, right: number]

/** One number for all sides, or one for each. */
export type Padding = number | Sides

export const sidesOf = (padding: Padding): Sides =>
  typeof padding === "number" ? [padding, padding, padding, padding] : padding

export interface ConvOptions {
  /** Step in both directions, at least 1. */
  readonly stride: number
  /** Rows and columns of zeros around the image. */
  readonly padding: Padding
  /** Distance between neighbouring taps, at least 1. */
  readonly dilation: number
  /**
   * Number of groups; default 1. Input and output channels are divided into this many equal parts, and an output channel
   * sees only the input channels of its own group. The filter is then [KH, KW, C / groups, O]. With as many groups as input
   * channels, the convolution is depthwise.
   */
  readonly groups?: number
}

export interface PoolOptions {
  readonly size: number
  readonly stride: number
  /** Rows and columns of padding, which is never the maximum. */
  readonly padding: Padding
}

/**
 * Returns the output length along one axis: floor((n - dilation (k - 1) - 1) / stride) + 1.
 *
 * @param n input length with its padding
 * @param k filter length
 */
export const outputLength = (n: number, k: number, stride: number, dilation: number): number =>
  Math.floor((n - dilation * (k - 1) - 1) / stride) + 1

/** All sizes of one convolution: input [N, H, W, C], filter [KH, KW, C / groups, O], output [N, OH, OW, O]. */
export interface ConvGeometry {
  readonly stride: number
  readonly dilation: number
  readonly groups: number
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
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

/** Returns the sizes of a convolution. @throws RangeError if channels or groups do not fit, or the padded input is smaller than the filter */
export const convGeometry = (
  x: ReadonlyArray<number>,
  w: ReadonlyArray<number>,
  { stride, padding, dilation, groups = 1 }: ConvOptions
): ConvGeometry => {
  const [N, H, W, C] = x
  const [KH, KW, filterChannels, O] = w
  const [top, bottom, left, right] = sidesOf(padding)
  if (C % groups !== 0 || O % groups !== 0) {
    throw new RangeError(`${C} input channels and ${O} output channels cannot be divided into ${groups} equal groups`)
  }
  if (C !== filterChannels * groups) {
    const among = groups === 1 ? "" : ` in ${groups} groups`
    throw new RangeError(`an input of ${C} channels does not fit a filter of ${filterChannels}${among}`)
  }
  const OH = outputLength(H + top + bottom, KH, stride, dilation)
  const OW = outputLength(W + left + right, KW, stride, dilation)
  if (OH < 1 || OW < 1) {
    throw new RangeError(`an image of ${H}x${W} pixels is smaller than a filter of ${KH}x${KW}`)
  }
  return { stride, dilation, groups, top, bottom, left, right, N, H, W, C, KH, KW, O, OH, OW }
}

/** Whether a convolution is 1x1 without padding, which is a matrix product over pixels. */
export const isPointwise = ({ KH, KW, top, bottom, left, right }: ConvGeometry): boolean =>
  KH === 1 && KW === 1 && top === 0 && bottom === 0 && left === 0 && right === 0
