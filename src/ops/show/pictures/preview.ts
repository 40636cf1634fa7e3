import { join } from "node:path"
import { Effect, Schema, Stream } from "effect"
import { operator } from "../../../pipeline/operator.ts"
import { Name, PositiveInt, param } from "../../../pipeline/param.ts"
import { bandNames } from "../../data/patches/bands.ts"
import { Patch } from "../../elements.ts"
import { FileName } from "../../filename.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { Run } from "../../run.ts"
import { touching } from "../show-error.ts"
import { type Cell, mosaic, rgbOf } from "./mosaic.ts"
import { png } from "./pictures.ts"

/** A cell of the picture and the patch that it shows, as in the list beside the picture. */
interface Shown {
  readonly row: number
  readonly column: number
  readonly patch: string
  readonly epoch: number
  readonly labels: ReadonlyArray<string>
}

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

const write = Effect.fnUntraced(function* (cells: ReadonlyArray<Cell>, shown: ReadonlyArray<Shown>, as: string) {
  if (cells.length === 0) return
  const { folder, wrote } = yield* Run
  const [picture, list] = [join(folder, "previews", `${as}.png`), join(folder, "previews", `${as}.json`)]
  const bytes = yield* png(mosaic(cells), `preview ${as}`)
  yield* touching(picture, () => writeFileAtomic(picture, bytes))
  yield* touching(list, () => writeFileAtomic(list, `${JSON.stringify(shown, null, 2)}\n`))
  yield* wrote(picture)
  yield* wrote(list)
})

/**
 * Place it after `augment`, or after `normalise` to see the input of the network. Each row shows one patch, in a column per
 * epoch. The picture is written as soon as it is full, or at the end of the stream.
 */
export const preview = operator({
  name: "preview",
  about: "Draws the first patches as they pass, one column per epoch, to show the effect of augmentation.",
  from: Patch,
  to: Patch,
  params: {
    as: param(FileName, "Name of the picture: previews/NAME.png, with a list NAME.json.", "preview"),
    patches: param(PositiveInt, "Number of rows: one per patch.", 8),
    epochs: param(PositiveInt, "Number of columns: one per epoch.", 6),
    bands: param(
      Schema.Union([Schema.Literal("rgb"), Schema.Tuple([Name, Name, Name])]),
      "Bands shown as red, green and blue; `rgb` means those of Sentinel-2 or of a colour picture.",
      "rgb"
    )
  },
  declares: { writes: ({ as }) => [`previews/${as}.png`, `previews/${as}.json`] },
  run:
    ({ as, bands, epochs, patches: most }) =>
    (patches) =>
      Stream.suspend(() => {
        const rows = new Map<number, number>()
        const cells: Array<Cell> = []
        const shown: Array<Shown> = []
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
            const rgb = yield* touching(patch.name, () => rgbOf(patch, names))
            const labels = patch.classes.filter((_, c) => patch.labels[c] !== 0)
            cells.push({ ...cell, rgb })
            shown.push({ ...cell, patch: patch.name, epoch: patch.epoch + 1, labels })
            if (cells.length === most * epochs) yield* finish
          })
        return patches.pipe(Stream.tap(look), Stream.concat(Stream.drain(Stream.fromEffect(finish))))
      })
})
