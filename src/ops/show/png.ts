/** Rasters as PNG files. */
import { Effect } from "effect"
import sharp from "sharp"
import { ShowError } from "./errors.ts"
import type { Raster } from "./raster.ts"

/** @param subject what the picture is of, for messages */
export const png = ({ data, height, width }: Raster, subject: string): Effect.Effect<Uint8Array, ShowError> =>
  Effect.tryPromise({
    try: () =>
      sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer(),
    catch: (cause) =>
      new ShowError({
        subject,
        problem: `cannot be made a PNG (${cause instanceof Error ? cause.message : cause})`,
        remedy: "Check that the package `sharp` is installed for this platform",
        cause
      })
  })
