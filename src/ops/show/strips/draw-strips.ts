import { join, resolve } from "node:path"
import { Effect, Schema, type Scope, Stream } from "effect"
import { operator } from "../../../pipeline/operator.ts"
import { choice, type Decoded, Name, optional, PositiveInt, param } from "../../../pipeline/param.ts"
import { type Aside, withAside } from "../../../pipeline/splits.ts"
import { messageOf } from "../../../pipeline/words.ts"
import { DATA_SET_NAMES, type DataSetName } from "../../data/archives/list.ts"
import { type BandSelection, bandNames } from "../../data/patches/bands.ts"
import { nodataParameter } from "../../data/patches/image-parameters.ts"
import type { NodataValue } from "../../data/patches/reading/nodata.ts"
import { type Band, Ranking } from "../../elements.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import type { MeasureError } from "../../measure/measure-error.ts"
import { Run } from "../../run.ts"
import { png } from "../pictures/pictures.ts"
import { lacksData, pickRgb } from "../pictures/true-colour.ts"
import { type ShowError, touching } from "../show-error.ts"
import { chooser, chosenOf, WHICH, type Which } from "./choose.ts"
import { drawStrip, type StripContent } from "./strip.ts"
import { type Strip, stripName, stripsFolder, stripsIndex } from "./strips-file.ts"

/** The source of pixels: a store, or the files of an archive. */
export interface Place {
  readonly path: string
  readonly store: "lmdb" | "none" | "images"
  readonly kind: DataSetName
  /** File or folder of images outside the archive, such as the queries of a search. */
  readonly images: string | undefined
}

/** Opens a store or an archive; the result reads all bands of a patch by its name. */
export type OpenBands<E, R> = (
  place: Place
) => Effect.Effect<(patch: string) => Effect.Effect<ReadonlyArray<Band>, E>, E, R | Scope.Scope>

const Shown = Schema.Union([Schema.Literal("rgb"), Schema.Tuple([Name, Name, Name])])

const namesIn = (selection: BandSelection, bands: ReadonlyArray<Band>): ReadonlyArray<string> =>
  bandNames(
    selection,
    bands.map(({ name }) => name)
  )

/** How strips are drawn. */
interface Look {
  readonly bands: BandSelection
  readonly digits: number
  readonly nodata: NodataValue | undefined
}

/** Draws one strip and writes its picture. */
const drawOne = Effect.fnUntraced(function* <E>(
  read: (patch: string) => Effect.Effect<ReadonlyArray<Band>, E>,
  folder: string,
  content: StripContent,
  { bands: selection, digits, nodata }: Look
) {
  const patches = [content.query, ...content.results]
  const pictures = yield* Effect.forEach(patches, ({ name }) =>
    Effect.flatMap(read(name), (bands) => touching(name, () => pickRgb(name, bands, namesIn(selection, bands), nodata)))
  )
  const missing = pictures.some(lacksData) ? { missing: true } : {}
  const strip: Strip = { file: stripName(content, digits), ...content, ...missing }
  const bytes = yield* png(
    drawStrip(
      pictures,
      content.results.map(({ similarity }) => similarity)
    ),
    `strip of ${content.query.name}`
  )
  const path = join(stripsFolder(folder), strip.file)
  yield* touching(path, () => writeFileAtomic(path, bytes))
  return { strip, path }
})

const NO_EXTREMES = "strips: no query has a relevant image, so there is no best or worst to draw"

/** Puts the chosen queries aside while rankings pass. */
const choosing =
  (
    { queries, top, which }: { readonly queries: number; readonly top: number; readonly which: Which },
    put: (one: StripContent) => void
  ) =>
  (rankings: Stream.Stream<Ranking>) =>
    Stream.suspend(() => {
      const { pass, rest } = chooser(which, queries, top)
      const keep = (chosen: ReadonlyArray<StripContent>) => Effect.sync(() => chosen.forEach(put))
      return rankings.pipe(
        Stream.tap((ranking) => Effect.flatMap(pass(ranking), keep)),
        Stream.concat(Stream.drain(Stream.fromEffect(Effect.flatMap(rest, keep))))
      )
    })

/** Draws strips, and writes `strips.json` after the last one. */
const draw = Effect.fnUntraced(function* <E>(
  contents: ReadonlyArray<StripContent>,
  read: (patch: string) => Effect.Effect<ReadonlyArray<Band>, E>,
  look: Look,
  which: Which
) {
  const { folder, say, wrote } = yield* Run
  const drawn: Array<Strip> = []
  for (const content of contents) {
    const { path, strip } = yield* drawOne(read, folder, content, look)
    drawn.push(strip)
    yield* wrote(path)
  }
  if (which === "extremes" && drawn.length === 0) yield* say(NO_EXTREMES)
  const index = stripsIndex(folder)
  yield* touching(index, () => writeFileAtomic(index, `${JSON.stringify(drawn, null, 2)}\n`))
  yield* wrote(index)
})

const declared = {
  queries: param(PositiveInt, "Number of queries.", 8),
  which: param(
    choice(...WHICH),
    "Which queries: spread evenly over all, the first ones, or `extremes`, the worst and the best by average precision.",
    "spread"
  ),
  top: param(PositiveInt, "Number of results per query.", 10),
  from: param(Name, "Store of the patches, or folder of the archive; relative to `root_dir`.", "patches.lmdb"),
  store: param(
    choice("lmdb", "none", "images"),
    "`none` reads the files of an archive of the given `kind`; `images` reads any folder of images, by name with or without the ending of the file.",
    "lmdb"
  ),
  kind: param(choice(...DATA_SET_NAMES), "Kind of the archive, with `store: none`.", "bigearthnet"),
  images: optional(Name, "File or folder of queries outside the archive, as in the operator `images`."),
  bands: param(
    Shown,
    "Bands shown as red, green and blue; `rgb` selects these bands of Sentinel-2 or of a colour picture.",
    "rgb"
  ),
  nodata: nodataParameter,
  digits: param(PositiveInt, "Digits of the query's number in file names, with leading zeros.", 5),
  without_store: param(choice("fail", "skip"), "What to do if the store cannot be opened.", "fail")
}
type Given = Decoded<typeof declared>

/** Opens the source of the pixels before anything is ranked; the strips are drawn when all queries have passed. */
const opening =
  <E, R>(open: OpenBands<E, R>) =>
  ({ bands, digits, from, images, kind, nodata, queries, store, which, without_store }: Given) =>
    Effect.gen(function* () {
      const { root, say } = yield* Run
      const place = {
        path: resolve(root, from),
        store,
        kind,
        images: images === undefined ? undefined : resolve(images)
      }
      const skipping = Effect.catch(open(place), (fault) => Effect.as(say(`No strips: ${messageOf(fault)}`), undefined))
      const read = yield* without_store === "skip" ? skipping : open(place)
      return (chosen: ReadonlyArray<StripContent>) =>
        read === undefined
          ? Effect.void
          : draw(chosenOf(chosen, which, queries), read, { bands, digits, nodata }, which)
    })

/**
 * Makes the operator `strips`. For some queries it writes a picture of the query and its best results to `strips/` in the run
 * folder, with a description in `strips.json`. Rankings pass unchanged.
 *
 * @param open opens the source of the pixels
 */
export const makeStrips = <E, R>(open: OpenBands<E, R>) => {
  const aside: Aside<Given, Ranking, Ranking, StripContent, E | MeasureError | ShowError, R | Run> = {
    make: (params, _, { put }) => choosing(params, put),
    open: opening(open)
  }
  return operator({
    name: "strips",
    about: "Draws some queries and their best results as pictures, each result with its label similarity.",
    from: Ranking,
    to: Ranking,
    params: declared,
    declares: { shares: () => ["strips/*.png", "strips/strips.json"] },
    each: true,
    aside,
    run: withAside(aside)
  })
}
