import { join, resolve } from "node:path"
import { Effect, Schema, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { choice, Flag, Name, optional, type Param, PositiveInt, param, pipelineParam } from "../../../pipeline/param.ts"
import { dataFault } from "../../data/file-access.ts"
import { Embeddings } from "../../elements.ts"
import { FileName } from "../../filename.ts"
import { portable } from "../../formats/portable.ts"
import { Run } from "../../run.ts"
import type { TensorEngine } from "../../tensor/engine.ts"
import { ShowError, touching } from "../show-error.ts"
import { analyse } from "./analysis/analyse.ts"
import { pageCode } from "./bundle.ts"
import { chosenVectors } from "./coding.ts"
import { type Collected, collect } from "./collected.ts"
import { writeImages, writePart, writeText, writeVectors } from "./folder.ts"
import { indexHtml, policyOf } from "./html.ts"
import { textFrom } from "./kit/base64.ts"
import type { Contents } from "./kit/contents.ts"
import { type Embedding, uploadable, writeNetwork } from "./network-part.ts"
import { openPixels } from "./pixels.ts"
import { landOutline, placesFound, placesOf } from "./places.ts"
import { PER_SHEET, type SheetOptions, writeSheets } from "./sheets.ts"

const Shown = Schema.Union([Schema.Literal("rgb"), Schema.Tuple([Name, Name, Name])])

/** Draws the thumbnails, if there are images; without them the page shows names and labels. */
const drawn = Effect.fnUntraced(function* (
  folder: string,
  { count, names }: Collected,
  path: string,
  absent: "fail" | "skip",
  options: SheetOptions
) {
  const { say } = yield* Run
  const nothing = new Uint8Array(count)
  const opening = openPixels(path)
  const skipping = Effect.catch(opening, (fault) =>
    Effect.as(say(`explore: draws no pictures: ${fault.message}`), undefined)
  )
  const pixels = yield* absent === "skip" ? skipping : opening
  if (pixels === undefined) return nothing
  const pictured = yield* writeSheets(folder, names, pixels, options)
  const without = pictured.reduce((sum, one) => sum + 1 - one, 0)
  if (without > 0) yield* say(`explore: ${path} has no picture of ${without} of ${count} images`)
  return pictured
})

/** Writes maps of the embeddings and figures about the archive. */
const analysed = Effect.fnUntraced(function* (folder: string, all: Collected, umap: boolean) {
  const { root, seed } = yield* Run
  const { figures, layout } = yield* analyse(all, root, seed, umap)
  yield* writePart(folder, "map", {
    pca: textFrom(layout.pca),
    ...(layout.umap === undefined ? {} : { umap: textFrom(layout.umap) })
  })
  yield* writePart(folder, "figures", figures)
  const { explained, fitted } = layout
  return { kinds: layout.umap === undefined ? (["pca"] as const) : (["umap", "pca"] as const), explained, fitted }
})

/** Writes where images lie and the outline of the land, if it is known where any of them lies. */
const located = Effect.fnUntraced(function* (folder: string, { names }: Collected, given: string, images: string) {
  const places =
    given === "names"
      ? yield* dataFault(() => placesFound(names, images))
      : yield* touching(given, () => placesOf(names, resolve(given)))
  if (places === undefined) return false
  yield* writePart(folder, "places", textFrom(places))
  const land = yield* Effect.tryPromise({ try: landOutline, catch: (cause) => cause as ShowError })
  yield* writePart(folder, "land", land)
  return true
})

const uploadParam: Param<Embedding | undefined, false> = {
  ...pipelineParam<unknown, Run | TensorEngine>()(
    Embeddings,
    "Name of the pipeline that made the embeddings: `images`, then `crop` or `resize`, `normalise`, `batch` and `embed`. The page runs the same steps in the browser on image files that are dropped on it."
  ),
  required: false,
  fallback: undefined
}

/** Origin of an address of tiles, for the page's policy. */
const originOf = (tiles: string): string | undefined => {
  const parts = /^(https?:\/\/[^/{}\s;,'"]+)\//.exec(tiles)
  return parts !== null && ["{z}", "{x}", "{y}"].every((part) => tiles.includes(part)) ? parts[1] : undefined
}

const Tiles = Name.check(
  Schema.makeFilter((tiles: string) => originOf(tiles) !== undefined || "no address of tiles", {
    expected: "an address such as https://example.org/{z}/{x}/{y}.png"
  })
)

/**
 * Writes a page on which people look around in an archive and search it by pointing: `explore/index.html` in the run folder
 * and its data beside it. The folder opens from disk and from any static host, and contacts no server. Embeddings pass
 * unchanged. Holds the embeddings.
 */
export const explore = operator({
  name: "explore",
  about: "Writes a page for browsing an archive and searching it by clicking on images: index.html and its data.",
  from: Embeddings,
  to: Embeddings,
  params: {
    to: optional(FileName, "Folder for the page inside the run folder; by default the run folder itself."),
    images: param(
      Name,
      "Pictures of the images: a store, an archive's folder or a folder of images; under `root_dir`.",
      "patches.lmdb"
    ),
    without_images: param(choice("fail", "skip"), "What to do if `images` cannot be opened.", "fail"),
    bands: param(
      Shown,
      "Bands shown as red, green and blue; `rgb` selects these bands of Sentinel-2 or of a colour picture.",
      "rgb"
    ),
    thumbnail: param(PositiveInt, "Width and height of a thumbnail in pixels.", 96),
    vectors: param(
      choice("auto", "float32", "int16", "int8"),
      "Precision of the vectors in the page; `auto`: float32 up to 4 MB, else int8 if at least 98 % of the ten nearest images stay the same, else int16.",
      "auto"
    ),
    upload: uploadParam,
    without_network: param(choice("fail", "skip"), "What to do if the network of `upload` cannot be used.", "fail"),
    umap: param(Flag, "Whether a UMAP map is made in addition to the PCA map.", true),
    places: param(
      Name,
      "Table with the columns name, latitude and longitude, relative to the current working directory; `names` takes them from the GeoTIFFs of a folder `images`, else from image names that contain a Sentinel-2 tile.",
      "names"
    ),
    tiles: optional(
      Tiles,
      "Address of map tiles with {z}, {x} and {y} for the map of the Earth. The page then loads pictures from there; by default it loads nothing from a network."
    )
  },
  declares: {
    reads: ({ places }) => (places === "names" ? [] : [resolve(places)]),
    shares: ({ to }) => {
      const folder = to === undefined ? "" : `${to}/`
      return ["index.html", "page.js", "page.css", "data/*.js", "sheets/*.webp"].map((file) => folder + file)
    }
  },
  run:
    ({ bands, images, places, thumbnail, tiles, to, umap, upload, vectors: coding, without_images, without_network }) =>
    (embeddings) =>
      Stream.suspend(() => {
        const batches: Array<Embeddings> = []
        const write = Effect.gen(function* () {
          const { experiment, folder: run, root, say, seed } = yield* Run
          const folder = to === undefined ? run : join(run, to)
          const all = yield* attempt(ShowError)(() => collect(batches))
          // Frees the memory of a second copy.
          batches.length = 0
          // Before anything that takes long, so that a network of no use is reported at once.
          const uploading = yield* uploadable(all, upload, without_network, bands)
          const sheets = { edge: thumbnail, ...PER_SHEET }
          // Threads analyse while this one draws; both take most of the time.
          const [pictured, maps, { script, style }] = yield* Effect.all(
            [
              drawn(folder, all, resolve(root, images), without_images, { sheets, bands }),
              all.count > 1 ? analysed(folder, all, umap) : Effect.undefined,
              Effect.tryPromise({ try: pageCode, catch: (cause) => cause as ShowError })
            ],
            { concurrency: "unbounded" }
          )
          const { recall, vectors } = chosenVectors(all, coding, seed)
          yield* writeImages(folder, all, pictured)
          yield* writeVectors(folder, vectors)
          const onEarth = yield* located(folder, all, places, resolve(root, images))
          const network = yield* writeNetwork(folder, uploading)
          const contents: Contents = {
            ...{ format: 1, experiment, count: all.count, dim: all.dim, classes: all.classes },
            ...{ coding: vectors.coding, recall, pieces: vectors.pieces.map(({ rows }) => rows) },
            ...{ sheets: pictured.includes(1) ? sheets : undefined, maps, places: onEarth },
            ...{ figures: maps !== undefined, network, tiles }
          }
          yield* writePart(folder, "contents", contents)
          yield* writeText(folder, "page.js", script)
          yield* writeText(folder, "page.css", style)
          yield* writeText(
            folder,
            "index.html",
            indexHtml(experiment, policyOf("nowhere", tiles === undefined ? undefined : originOf(tiles)))
          )
          yield* say(`explorer: ${portable(join(folder, "index.html"))}`)
        })
        return embeddings.pipe(
          Stream.tap((batch) => Effect.sync(() => void batches.push(batch))),
          Stream.concat(Stream.drain(Stream.fromEffect(Effect.scoped(write))))
        )
      })
})
