/** The pictures of a page: cut out of the strips, and stored once even if several strips show the same image. */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import { pixelsOf, webp } from "../pictures/pictures.ts"
import type { Raster } from "../pictures/raster.ts"
import type { ShowError } from "../show-error.ts"
import { LAYOUT, leftOf } from "../strips/strip.ts"
import type { Strip } from "../strips/strips-file.ts"

/** A strip with the indices of its pictures on the page: first the query's, then those of its results. */
export type StripWithPictures = Strip & { readonly pictures: ReadonlyArray<number> }

/** The strips of a page and their pictures. */
export interface PageStrips {
  readonly strips: ReadonlyArray<StripWithPictures>
  /** Distinct pictures as WebP. */
  readonly pictures: ReadonlyArray<Uint8Array>
}

/** Picture i of a strip; 0 is the query's. */
export const cut = ({ data, width }: Raster, i: number): Raster => {
  const { margin, side } = LAYOUT
  const picture = new Uint8Array(side * side * 3)
  for (let y = 0; y < side; y++) {
    const from = ((margin + y) * width + leftOf(i)) * 3
    picture.set(data.subarray(from, from + side * 3), y * side * 3)
  }
  return { width: side, height: side, data: picture }
}

/** Converts strips from their form on disk to that of the page. */
export const pageStripsOf = (
  strips: ReadonlyArray<Strip & { readonly png: Uint8Array }>
): Effect.Effect<PageStrips, ShowError> =>
  Effect.gen(function* () {
    const numbers = new Map<string, number>()
    const pictures: Array<Uint8Array> = []
    const numberOf = Effect.fnUntraced(function* (picture: Raster, file: string) {
      const key = createHash("sha256").update(picture.data).digest("base64")
      const known = numbers.get(key) ?? pictures.push(yield* webp(picture, file)) - 1
      numbers.set(key, known)
      return known
    })
    const shown = yield* Effect.forEach(
      strips,
      Effect.fnUntraced(function* ({ png, ...strip }) {
        const whole = yield* pixelsOf(strip.file, png)
        const own = Array.from({ length: strip.results.length + 1 }, (_, i) => cut(whole, i))
        return { ...strip, pictures: yield* Effect.forEach(own, (picture) => numberOf(picture, strip.file)) }
      })
    )
    return { strips: shown, pictures }
  })
