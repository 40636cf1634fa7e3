/** Facts about an array that do not depend on its purpose. */
import { createHash } from "node:crypto"
import type { Dtype, Pixels } from "../../elements.ts"
import { rawBytes } from "../../formats/dtypes.ts"

/** A named array of a patch: a band, or another array of its file. */
export interface Layer {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: ReadonlyArray<number>
  readonly data: Pixels
  /** The value that its file declares for pixels without data. */
  readonly nodata?: number | undefined
}

export interface Facts {
  readonly dtype: Dtype
  readonly shape: ReadonlyArray<number>
  /** SHA-256 of the little-endian, row-major bytes, in hexadecimal. */
  readonly sha256: string
  /** Of the finite values; `null` if there are none. */
  readonly min: number | null
  readonly max: number | null
  readonly mean: number | null
  /** How many values are NaN or infinite; absent if none is. */
  readonly not_finite?: number
}

export const factsOf = ({ data, dtype, shape }: Layer): Facts => {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let sum = 0
  let finite = 0
  for (let i = 0; i < data.length; i++) {
    const value = data[i]
    if (!Number.isFinite(value)) continue
    if (value < min) min = value
    if (value > max) max = value
    sum += value
    finite++
  }
  const some = finite > 0
  return {
    dtype,
    shape,
    sha256: createHash("sha256").update(rawBytes(data)).digest("hex"),
    min: some ? min : null,
    max: some ? max : null,
    mean: some ? sum / finite : null,
    ...(finite < data.length ? { not_finite: data.length - finite } : {})
  }
}
