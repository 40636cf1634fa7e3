/** Pictures in the forms that people open and pages hold. */
import { Effect } from "effect"
import sharp from "sharp"
import { ShowError } from "./errors.ts"
import type { Raster } from "./raster.ts"

const making = (subject: string, form: string, make: () => Promise<Uint8Array>): Effect.Effect<Uint8Array, ShowError> =>
  Effect.tryPromise({
    try: make,
    catch: (cause) =>
      new ShowError({
        subject,
        problem: `cannot be made a ${form} (${cause instanceof Error ? cause.message : cause})`,
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
  making(subject, "PNG", () =>
    sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer()
  )

/** Much smaller, for pages. */
export const webp = (subject: string, picture: Uint8Array): Effect.Effect<Uint8Array, ShowError> =>
  making(subject, "WebP", () => sharp(picture).webp({ quality: 82 }).toBuffer())
