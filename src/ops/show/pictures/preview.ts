import { join } from "node:path"
import { Effect, Schema, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Name, PositiveInt, param } from "../../../pipeline/param.ts"
import { bandNames } from "../../data/patches/bands.ts"
import { denormaliser } from "../../data/patches/normalise.ts"
import { Patch } from "../../elements.ts"
import { FileName } from "../../filename.ts"
import { DataError } from "../../formats/data-error.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { Run } from "../../run.ts"
import { touching } from "../show-error.ts"
import { type Cell, mosaic, rgbOf, tilesOf } from "./mosaic.ts"
import { png, webp } from "./pictures.ts"
import { type PreviewedPatch, previewPage } from "./preview-page.ts"

/**
 * The place of a patch: a row for each of the first patches, a column for each epoch; undefined if it is not shown.
 *
 * @param rows rows by the index of the patch, filled as patches arrive
 */
const cellOf = (rows: Map<number, number>, { epoch, index }: Patch, first: number, most: number, epochs: number) => {
  const column = epoch - first
  if (column >= epochs) return undefined
  if (!rows.has(index) && column === 0 && rows.size < most) rows.set(index, rows.size)
  const row = rows.get(index)
  return row === undefined ? undefined : { row, column }
}

const write = Effect.fnUntraced(function* (
  cells: ReadonlyArray<Cell>,
  shown: ReadonlyArray<PreviewedPatch>,
  as: string
) {
  if (cells.length === 0) return
  const { experiment, folder, wrote } = yield* Run
  const [picture, list, page] = ["png", "json", "html"].map((end) => join(folder, "previews", `${as}.${end}`))
  const bytes = yield* png(mosaic(cells), `preview ${as}`)
  yield* touching(picture, () => writeFileAtomic(picture, bytes))
  yield* touching(list, () => writeFileAtomic(list, `${JSON.stringify(shown, null, 2)}\n`))
  const tiles = yield* Effect.forEach(tilesOf(cells), (tile) => webp(tile, `preview ${as}`))
  yield* touching(page, () => writeFileAtomic(page, previewPage(experiment, shown, tiles)))
  yield* Effect.forEach([picture, list, page], wrote, { discard: true })
})

/**
 * Place it after `augment`, or after `normalise` to see the input of the network; normalised values are scaled back, so colours
 * are those of the patches. Each row shows one patch, in a column per epoch. It writes a picture, a list of its cells, and a page
 * with names, labels and epochs, as soon as they are complete or at the end of the stream.
 */
export const preview = operator({
  name: "preview",
  about: "Draws the first patches as they pass, one column per epoch, to show the effect of augmentation.",
  from: Patch,
  to: Patch,
  params: {
    as: param(
      FileName,
      "Name of the files: the picture previews/NAME.png, the list NAME.json and the page NAME.html.",
      "preview"
    ),
    patches: param(PositiveInt, "Number of rows: one per patch.", 8),
    epochs: param(PositiveInt, "Number of columns: one per epoch.", 6),
    bands: param(
      Schema.Union([Schema.Literal("rgb"), Schema.Tuple([Name, Name, Name])]),
      "Bands shown as red, green and blue; `rgb` selects these bands of Sentinel-2 or of a colour picture.",
      "rgb"
    )
  },
  declares: { writes: ({ as }) => ["png", "json", "html"].map((end) => `previews/${as}.${end}`) },
  run:
    ({ as, bands, epochs, patches: most }, { before }) =>
    (patches) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const { root } = yield* Run
          const restored = yield* attempt(DataError)(() => denormaliser(before ?? [], root))
          const rows = new Map<number, number>()
          const cells: Array<Cell> = []
          const shown: Array<PreviewedPatch> = []
          let first: number | undefined
          let written = false
          const finish = Effect.suspend(() => {
            if (written) return Effect.void
            written = true
            return write(cells, shown, as)
          })
          const look = (patch: Patch) =>
            Effect.gen(function* () {
              first ??= patch.epoch
              const cell = written ? undefined : cellOf(rows, patch, first, most, epochs)
              if (cell === undefined) return
              const names = bandNames(bands, patch.bands)
              const image = restored === undefined ? patch.image : restored(patch.image, patch.bands)
              const rgb = yield* touching(patch.name, () => rgbOf({ ...patch, image }, names))
              const labels = patch.classes.filter((_, c) => patch.labels[c] !== 0)
              cells.push({ ...cell, rgb, white: patch.white })
              shown.push({ ...cell, patch: patch.name, epoch: patch.epoch + 1, labels })
              if (cells.length === most * epochs) yield* finish
            })
          return patches.pipe(Stream.tap(look), Stream.concat(Stream.drain(Stream.fromEffect(finish))))
        })
      )
})
