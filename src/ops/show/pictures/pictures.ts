/** Pictures in the forms that people open and pages hold. */
import { Effect } from "effect"
import sharp from "sharp"
import { ShowError } from "../show-error.ts"
import type { Raster } from "./raster.ts"

const making = <A>(subject: string, form: string, make: () => Promise<A>): Effect.Effect<A, ShowError> =>
  Effect.tryPromise({
    try: make,
    catch: (cause) =>
      new ShowError({
        subject,
        problem: `cannot be made ${form} (${cause instanceof Error ? cause.message : cause})`,
        remedy: "Check that the package `sharp` is installed for this platform",
        cause
      })
  })

/**
 * Without loss, for folders.
 *
 * @param subject what the picture is of, for messages
 */
export const png = ({ data, height, width }: Raster, subject: string): Effect.Effect<Uint8Array, ShowError> =>
  making(subject, "a PNG", () =>
    sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer()
  )

/** Much smaller, for pages. */
export const webp = ({ data, height, width }: Raster, subject: string): Effect.Effect<Uint8Array, ShowError> =>
  making(subject, "a WebP", () =>
    sharp(data, { raw: { width, height, channels: 3 } })
      .webp({ quality: 50 })
      .toBuffer()
  )

/** A picture read back. */
export const pixelsOf = (subject: string, picture: Uint8Array): Effect.Effect<Raster, ShowError> =>
  making(subject, "pixels", async () => {
    const { data, info } = await sharp(picture)
      .removeAlpha()
      .toColourspace("srgb")
      .raw()
      .toBuffer({ resolveWithObject: true })
    return { width: info.width, height: info.height, data }
  })
