/** Axes with round numbers. */

/** A step of 1, 2 or 5 times a power of ten, so that the range has about `count` steps. */
const niceStep = (range: number, count: number): number => {
  const rough = range / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const factor = [1, 2, 5, 10].find((f) => f * power >= rough * (1 - 1e-9)) ?? 10
  return factor * power
}

const TINY = 1e-9

/** The range of an axis and its ticks. */
export interface Axis {
  readonly low: number
  readonly high: number
  /** Ticks from low to high, both included. */
  readonly ticks: ReadonlyArray<number>
  /** A tick as text, with the same number of decimals for all ticks. */
  readonly format: (tick: number) => string
}

/**
 * An axis that contains all values, from one round number to another.
 *
 * @param values finite; without values the axis runs from 0 to 1
 * @param whole true if only whole numbers make sense, as for epochs
 *
 * @example
 * axis([0.12, 0.58]).ticks // => [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
 */
export const axis = (values: ReadonlyArray<number>, count = 5, whole = false): Axis => {
  let low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  let high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  if (low > high) [low, high] = [0, 1]
  const size = Math.max(Math.abs(low), Math.abs(high))
  // Values that differ only by rounding count as one value, in the middle of the axis.
  if (size < TINY || high - low <= TINY * size) {
    const margin = whole || size < TINY ? 1 : size / 10
    ;[low, high] = [low - margin, high + margin]
  }
  const step = whole ? Math.max(1, niceStep(high - low, count)) : niceStep(high - low, count)
  const first = Math.floor(low / step + 1e-9)
  const last = Math.ceil(high / step - 1e-9)
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(decimals)))
  return { low: ticks[0], high: ticks[ticks.length - 1], ticks, format: (tick) => tick.toFixed(decimals) }
}
