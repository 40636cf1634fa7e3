import { resolve } from "node:path"
import { Effect, Schema, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { source } from "../../../pipeline/operator.ts"
import { Flag, listOf, Name, optional, param } from "../../../pipeline/param.ts"
import { Patch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { dataFault } from "../file-access.ts"
import { type BandSelection, channelsOf, SELECTION_NAMES } from "./bands.ts"
import { fillParameter, maxValuesParameter, nodataParameter } from "./image-parameters.ts"
import { noted } from "./noted.ts"
import { bandsOf, imagesAt } from "./reading/loose-images.ts"
import { imageOf } from "./reading/make-patch.ts"

const patchOf = (name: string, index: number, image: ReturnType<typeof imageOf>): Patch => ({
  ...{ kind: "patch", name, index, epoch: 0, ...image },
  ...{ labels: new Uint8Array(0), classes: [] }
})

/**
 * Reads images that belong to no archive and have no labels, to search for similar ones: a picture, a GeoTIFF of one or many
 * bands, a folder with the bands of a patch (`NAME_B02.tif`, …), or a folder of such folders.
 */
export const images = source({
  name: "images",
  about: "Reads images without labels: a file, a folder of a patch's bands, or a folder of images.",
  to: Patch,
  params: {
    from: param(Name, "The file or folder, relative to the current working directory."),
    bands: param<BandSelection>(
      Schema.Union([Schema.Literals(SELECTION_NAMES), listOf(Name)]),
      "Channels, in order: the name of a selection, or a list of bands.",
      "s2-10m+20m"
    ),
    names: optional(listOf(Name), "Names of the bands, in the order of the file, if the file does not name them."),
    unit: param(Flag, "8-bit images from 0 (black) to 1 (white); false keeps them from 0 to 255.", true),
    nodata: nodataParameter,
    fill: fillParameter,
    max_values: maxValuesParameter
  },
  declares: { gives: ({ bands }) => ({ channels: channelsOf(bands) }) },
  run: ({ bands, fill, from, max_values, names, nodata, unit }, self) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const found = yield* attempt(DataError)(() => imagesAt(resolve(from)))
        const look = { bands, unit, rule: { nodata, fill }, maxValues: max_values }
        self.expect(found.length)
        const { note, saidAfter } = yield* noted("images")
        return Stream.fromIterable(found.entries()).pipe(
          Stream.rechunk(1),
          Stream.mapEffect(([index, image]) =>
            Effect.flatMap(
              dataFault(() => bandsOf(image, names, note)),
              (present) => attempt(DataError)(() => patchOf(image.name, index, imageOf(present, look, image.name)))
            )
          ),
          saidAfter
        )
      })
    )
})
