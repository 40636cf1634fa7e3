/** Encoding and decoding of pictures: PNG for folders, WebP for pages. */
import { Effect } from "effect"
import { messageOf } from "../../../pipeline/words.ts"
import { DataError } from "../../formats/data-error.ts"
import { loadSharp, type Sharp } from "../../formats/pictures.ts"
import { ShowError } from "../show-error.ts"
import type { Raster } from "./raster.ts"

const making = <A>(subject: string, form: string, make: (sharp: Sharp) => Promise<A>): Effect.Effect<A, ShowError> =>
  Effect.tryPromise({
    try: async () => make(await loadSharp()),
    catch: (cause) =>
      cause instanceof DataError
        ? new ShowError(cause)
        : new ShowError({
            subject,
            problem: `cannot be made ${form} (${messageOf(cause)})`,
            remedy: "Check that the package `sharp` is installed for this platform",
            cause
          })
  })

/**
 * A picture as PNG, without loss.
 *
 * @param subject the content of the picture, for messages
 */
export const png = ({ data, height, width }: Raster, subject: string): Effect.Effect<Uint8Array, ShowError> =>
  making(subject, "a PNG", (sharp) =>
    sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer()
  )

/**
 * A picture as WebP, much smaller but with loss.
 *
 * @param quality 1 to 100
 */
export const webp = (
  { data, height, width }: Raster,
  subject: string,
  quality = 50
): Effect.Effect<Uint8Array, ShowError> =>
  making(subject, "a WebP", (sharp) =>
    sharp(data, { raw: { width, height, channels: 3 } })
      .webp({ quality })
      .toBuffer()
  )

/** The pixels of an encoded picture. */
export const pixelsOf = (subject: string, picture: Uint8Array): Effect.Effect<Raster, ShowError> =>
  making(subject, "pixels", async (sharp) => {
    const { data, info } = await sharp(picture)
      .removeAlpha()
      .toColourspace("srgb")
      .raw()
      .toBuffer({ resolveWithObject: true })
    return { width: info.width, height: info.height, data }
  })
