/** Figures as text. */

/**
 * A figure with four decimals; `-` if it is undefined.
 *
 * @example
 * figure(0.5) // => "0.5000"
 * figure(null) // => "-"
 */
export const figure = (value: number | null): string => (value === null ? "-" : value.toFixed(4))

/**
 * A figure with its 95 % interval.
 *
 * @example
 * withInterval(0.4567, [0.4471, 0.4669]) // => "0.457 [0.447, 0.467]"
 * withInterval(0.4567, null) // => "0.4567"
 */
export const withInterval = (value: number | null, interval: readonly [low: number, high: number] | null): string =>
  value === null || interval === null
    ? figure(value)
    : `${value.toFixed(3)} [${interval.map((end) => end.toFixed(3)).join(", ")}]`
