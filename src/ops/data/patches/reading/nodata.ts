/** Pixels without data: found by the value that marks them, and filled in. Imports no Effect: worker threads load it. */
import type { Band } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import { pixelNodata } from "../../../formats/tiff/nodata.ts"

/** The value that marks pixels without data, as parameters have it: JSON and YAML's core know no NaN. */
export type NodataValue = number | "nan"

/** What replaces pixels without data: the mean of the band's other pixels in the same patch, or a number. */
export type Fill = "mean" | number

/** How pixels without data are treated. */
export interface NodataRule {
  /** The value that marks them in bands that do not declare one. */
  readonly nodata: NodataValue | undefined
  readonly fill: Fill
}

/** Only the values that files declare mark pixels without data. */
export const DECLARED_ONLY: NodataRule = { nodata: undefined, fill: "mean" }

/** The value that marks a band's pixels without data: the one that its file declares, or `given`; `undefined` if neither. */
export const markOf = ({ dtype, nodata }: Band, given: NodataValue | undefined): number | undefined => {
  if (nodata !== undefined || given === undefined) return nodata
  return pixelNodata(given === "nan" ? Number.NaN : given, dtype)
}

/** How many of a band's values are `mark`. */
export const countNodata = ({ data }: Pick<Band, "data">, mark: number): number => {
  let count = 0
  if (Number.isNaN(mark)) for (let i = 0; i < data.length; i++) count += Number.isNaN(data[i]) ? 1 : 0
  else for (let i = 0; i < data.length; i++) count += data[i] === mark ? 1 : 0
  return count
}

/** A band whose pixels without data have been filled. */
export interface Filled {
  /** Row-major [height, width]. */
  readonly data: ArrayLike<number>
  /** uint8 [height, width]: 1 where a pixel has data. */
  readonly valid: Uint8Array
}

/**
 * Replaces a band's pixels without data.
 *
 * @param subject the patch, for messages
 * @returns `undefined` if every pixel has data
 * @throws DataError if no pixel has data and `fill` is `mean`
 */
export const filledBand = (band: Band, { fill, nodata }: NodataRule, subject: string): Filled | undefined => {
  const mark = markOf(band, nodata)
  if (mark === undefined) return undefined
  const { data, name } = band
  const without = countNodata(band, mark)
  if (without === 0) return undefined
  if (without === data.length && fill === "mean") {
    throw new DataError({
      subject,
      problem: `has no data in band ${name}: every pixel is ${mark}, which marks pixels without data`,
      remedy: "Leave the patch out of its split, leave the band out of `bands`, or set `fill` to a number"
    })
  }
  const valid = new Uint8Array(data.length)
  let sum = 0
  for (let i = 0; i < data.length; i++) {
    if (Object.is(data[i], mark) || data[i] === mark) continue
    valid[i] = 1
    sum += data[i]
  }
  const value = fill === "mean" ? sum / (data.length - without) : fill
  return { data: Float64Array.from(data, (own, i) => (valid[i] === 1 ? own : value)), valid }
}
