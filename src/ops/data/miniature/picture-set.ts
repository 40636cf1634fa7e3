/** Miniatures of archives of pictures: files laid out, named and typed as the originals', with their tables of labels. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Split } from "../../elements.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import type { MiniatureMaker, PatchEntry } from "../archives/data-set.ts"
import { type ClassList, multiHot } from "../archives/shared/class-list.ts"
import { beginMiniature, finishMiniature } from "./manifest.ts"
import { drawPicture, drawScenery, type Picture, setOf } from "./picture.ts"

/** One row of an archive's table. */
export interface Row {
  readonly name: string
  /** Multi-hot. */
  readonly labels: Uint8Array
}

/** How the archives of a data set of pictures lie on disk. */
export interface PictureSet {
  readonly classes: ClassList
  /** Rows and columns of a picture, given the edge that is asked for. */
  readonly sizeOf: (index: number, edge: number) => readonly [height: number, width: number]
  readonly edge: number
  /** Names of `count` patches, in the order of the archive's table. */
  readonly names: (count: number) => ReadonlyArray<string>
  /** The picture's file within the archive. */
  readonly fileOf: (name: string, index: number) => string
  readonly splitOf?: (index: number) => Split
  /** Facts of a patch, as the reader gives them. */
  readonly factsOf?: (name: string) => Readonly<Record<string, string>>
  /** The classes of a patch, if its name determines them. */
  readonly setOf?: (name: string) => ReadonlyArray<number>
  /** The picture as bytes of its file, and what else belongs to it by path. */
  readonly encode: (picture: Picture, file: string, index: number) => Promise<Readonly<Record<string, Uint8Array>>>
  /** Tables, by path. */
  readonly tables: (rows: ReadonlyArray<Row>) => Readonly<Record<string, string | Uint8Array>>
}

/** Writes a file atomically; not synced, since a lost file is simply made again. */
export const put = (file: string, bytes: Uint8Array): void => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.partial`, bytes)
  renameSync(`${file}.partial`, file)
}

/** Makes miniatures of a data set of pictures. */
export const pictures = (set: PictureSet): MiniatureMaker => ({
  classes: set.classes,
  open: (name, folder, { patches, seed, size }) => {
    const edge = size ?? set.edge
    const facts = { kind: name, seed, patches, size: edge }
    const complete = beginMiniature(folder, facts)
    const { classes } = set.classes
    const scenery = drawScenery(seed, classes.length)
    const names = set.names(patches)
    const classesOf = (i: number) => set.setOf?.(names[i]) ?? setOf(scenery, seed, i)
    const make = async (i: number): Promise<PatchEntry> => {
      const image = set.fileOf(names[i], i)
      const own = classesOf(i)
      if (!complete && !existsSync(join(folder, image))) {
        const [height, width] = set.sizeOf(i, edge)
        const files = await set.encode(drawPicture(scenery, seed, i, own, height, width), image, i)
        // The picture last: once it exists, the patch is complete.
        for (const [path, bytes] of Object.entries(files)) if (path !== image) put(join(folder, path), bytes)
        put(join(folder, image), files[image])
      }
      return {
        name: names[i],
        folder,
        files: { image },
        facts: set.factsOf?.(names[i]) ?? {},
        labels: own.map((index) => classes[index]),
        split: set.splitOf?.(i)
      }
    }
    const finish = () => {
      const rows = names.map((one, i) => ({ name: one, labels: multiHot(classes.length, classesOf(i)) }))
      for (const [path, content] of Object.entries(set.tables(rows))) writeFileAtomic(join(folder, path), content)
      finishMiniature(folder, facts)
    }
    return { complete, make, finish: complete ? () => undefined : finish }
  }
})
