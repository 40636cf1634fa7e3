/** Images whose pixels are not all data: marked as without data, or not finite. */
import type { Band, RawPatch } from "../../elements.ts"
import { type Finding, finding } from "../archives/shared/findings.ts"
import { countNodata, markOf, type NodataValue } from "../patches/reading/nodata.ts"

export interface PixelFindings {
  readonly see: (patch: RawPatch) => void
  readonly findings: () => ReadonlyArray<Finding>
}

/** How many values are neither finite nor the one that marks pixels without data. */
const countNotFinite = ({ data, dtype }: Band, mark: number | undefined): number => {
  if (!dtype.startsWith("float")) return 0
  let count = 0
  for (let i = 0; i < data.length; i++) {
    const value = data[i]
    if (!Number.isFinite(value) && !Object.is(value, mark)) count++
  }
  return count
}

const share = (count: number, { data }: Band): string => `${((100 * count) / data.length).toFixed(1)} %`

/**
 * Looks for pixels without data, and for values that are not finite.
 *
 * @param given the value that marks pixels without data, for bands that do not declare one
 */
export const pixelFindings = (given: NodataValue | undefined): PixelFindings => {
  const some: Array<string> = []
  const none: Array<string> = []
  const notFinite: Array<string> = []
  const see = ({ bands, name }: RawPatch) => {
    const found = { some: [] as Array<string>, none: [] as Array<string>, notFinite: [] as Array<string> }
    for (const band of bands) {
      const mark = markOf(band, given)
      const without = mark === undefined ? 0 : countNodata(band, mark)
      if (without > 0) found.some.push(`${band.name} ${share(without, band)}`)
      if (without > 0 && without === band.data.length) found.none.push(band.name)
      const strange = countNotFinite(band, mark)
      if (strange > 0) found.notFinite.push(`${band.name} ${share(strange, band)}`)
    }
    const list = (to: Array<string>, what: ReadonlyArray<string>) => {
      if (what.length > 0) to.push(`${name} (${what.join(", ")})`)
    }
    list(some, found.some)
    list(none, found.none)
    list(notFinite, found.notFinite)
  }
  const findings = () => [
    ...finding(
      "images have values that are not finite",
      notFinite,
      "fail",
      "If NaN marks pixels without data, set `nodata: nan`; otherwise leave these images out"
    ),
    ...finding(
      "images have a band without any data",
      none,
      "fail",
      "Leave them out of the splits, leave the band out of `bands`, or set `fill` of `read` to a number"
    ),
    ...finding(
      "images have pixels without data",
      some,
      "warn",
      "`statistics` leaves such pixels out, and `read` fills them with `fill`, by default the mean of the band's other pixels"
    )
  ]
  return { see, findings }
}
