import { join } from "node:path"
import { Effect, Schema, type Scope, Stream } from "effect"
import sharp from "sharp"
import { operator } from "../../pipeline/operator.ts"
import { choice, Name, PositiveInt, param } from "../../pipeline/param.ts"
import { type Band, Ranking } from "../elements.ts"
import { writeFileAtomic } from "../files.ts"
import { Run } from "../run.ts"
import { ShowError, touching } from "./errors.ts"
import type { Raster } from "./raster.ts"
import { drawStrip, spread, stripContent } from "./strip.ts"
import { type Strip, stripName, stripsFolder, stripsIndex } from "./strips-file.ts"
import { pickRgb } from "./true-colour.ts"

/** Opens a store of patches by its path, and reads all bands of a patch by its name. */
export type OpenBands<E, R> = (
  store: string
) => Effect.Effect<(patch: string) => Effect.Effect<ReadonlyArray<Band>, E>, E, R | Scope.Scope>

const png = ({ data, height, width }: Raster): Effect.Effect<Uint8Array, ShowError> =>
  Effect.tryPromise({
    try: () =>
      sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer(),
    catch: (cause) =>
      new ShowError({
        subject: "strip",
        problem: `cannot be made a PNG (${cause instanceof Error ? cause.message : cause})`,
        remedy: "Check that the package `sharp` is installed for this platform",
        cause
      })
  })

/** Draws one strip and writes its picture. */
const drawOne = Effect.fnUntraced(function* <E>(
  read: (patch: string) => Effect.Effect<ReadonlyArray<Band>, E>,
  folder: string,
  content: ReturnType<typeof stripContent>,
  names: ReadonlyArray<string>
) {
  const patches = [content.query, ...content.results]
  const pictures = yield* Effect.forEach(patches, ({ name }) =>
    Effect.flatMap(read(name), (bands) => touching(name, () => pickRgb(name, bands, names)))
  )
  const strip: Strip = { file: stripName(content), ...content }
  const bytes = yield* png(
    drawStrip(
      pictures,
      content.results.map(({ similarity }) => similarity)
    )
  )
  const path = join(stripsFolder(folder), strip.file)
  yield* touching(path, () => writeFileAtomic(path, bytes))
  return { strip, path }
})

/**
 * Makes the operator `strips` for a kind of store. For some queries, spread evenly, it writes one picture of the query and
 * its best results to `strips/` in the run folder, and `strips.json` beside them; rankings pass unchanged.
 *
 * @param open reads the pixels; `strips` itself knows no store
 */
export const makeStrips = <E, R>(open: OpenBands<E, R>) =>
  operator({
    name: "strips",
    about: "Draws the best results of some queries as pictures, each with its label similarity.",
    from: Ranking,
    to: Ranking,
    params: {
      queries: param(PositiveInt, "How many queries, spread evenly.", 8),
      top: param(PositiveInt, "Results per query.", 10),
      from: param(Name, "Store of the patches, in the folder of archives and stores.", "patches.lmdb"),
      bands: param(Schema.Tuple([Name, Name, Name]), "Bands shown as red, green and blue.", ["B04", "B03", "B02"]),
      without_store: param(choice("fail", "skip"), "What to do where the store cannot be opened.", "fail")
    },
    run:
      ({ bands, from, queries, top, without_store }) =>
      (rankings) =>
        Stream.unwrap(
          Effect.gen(function* () {
            const { folder, root, say, wrote } = yield* Run
            const opening = open(join(root, from))
            const skipping = Effect.catch(opening, (fault) =>
              Effect.as(say(`No strips: ${fault instanceof Error ? fault.message : fault}`), undefined)
            )
            const read = yield* without_store === "skip" ? skipping : opening
            if (read === undefined) return rankings
            const drawn: Array<Strip> = []
            const draw = Effect.fnUntraced(function* (ranking: Ranking) {
              const rows = spread(ranking.gallery.queries.length, queries)
              for (const row of rows.filter((one) => one >= ranking.from && one < ranking.to)) {
                const { path, strip } = yield* drawOne(read, folder, stripContent(ranking, row, top), bands)
                drawn.push(strip)
                yield* wrote(path)
              }
            })
            const index = stripsIndex(folder)
            const finish = touching(index, () => writeFileAtomic(index, `${JSON.stringify(drawn, null, 2)}\n`)).pipe(
              Effect.andThen(wrote(index))
            )
            return rankings.pipe(Stream.tap(draw), Stream.concat(Stream.drain(Stream.fromEffect(finish))))
          })
        )
  })
