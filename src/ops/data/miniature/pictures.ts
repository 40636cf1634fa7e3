/** Miniatures of archives of pictures: files laid out, named and typed as the originals', with their tables of labels. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Nomenclature, PatchRef, Split } from "../../elements.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { multiHot } from "../archives/shared/corine-labels.ts"
import type { Miniature, MiniatureOptions } from "./archive.ts"
import { beginMiniature, finishMiniature } from "./manifest.ts"
import { drawPicture, drawScenery, type Picture, setOf } from "./picture.ts"

/** One row of an archive's table. */
export interface Row {
  readonly name: string
  /** Multi-hot. */
  readonly labels: Uint8Array
}

/** How an archive of pictures lies on disk. */
export interface PictureArchive {
  readonly kind: string
  readonly nomenclature: Nomenclature
  /** Rows and columns of most pictures; `edge` where a smaller one is asked for. */
  readonly sizeOf: (index: number, edge: number) => readonly [height: number, width: number]
  readonly edge: number
  /** Names of `count` patches, in the order of the archive's table. */
  readonly names: (count: number) => ReadonlyArray<string>
  /** The picture's file within the archive. */
  readonly fileOf: (name: string, index: number) => string
  readonly splitOf?: (index: number) => Split
  /** Facts that the archive's reader tells of a patch. */
  readonly factsOf?: (name: string) => Readonly<Record<string, string>>
  /** The classes of a patch, where its name says them. */
  readonly setOf?: (name: string) => ReadonlyArray<number>
  /** The picture as bytes of its file, and what else belongs to it by path. */
  readonly encode: (picture: Picture, file: string, index: number) => Promise<Readonly<Record<string, Uint8Array>>>
  /** Tables, by path. */
  readonly tables: (rows: ReadonlyArray<Row>) => Readonly<Record<string, string | Uint8Array>>
}

/** Whole or not at all; not synced: what a power cut takes can be made again. */
const put = (file: string, bytes: Uint8Array): void => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.partial`, bytes)
  renameSync(`${file}.partial`, file)
}

/**
 * Opens a folder for a miniature of pictures.
 *
 * @param options.size rows and columns of its pictures; by default the archive's own
 * @throws DataError where the folder holds something else
 */
export const openPictures = (
  archive: PictureArchive,
  folder: string,
  options: MiniatureOptions & { readonly size: number | undefined }
): Miniature => {
  const { patches, seed } = options
  const edge = options.size ?? archive.edge
  const facts = { kind: archive.kind, seed, patches, size: edge }
  const complete = beginMiniature(folder, facts)
  const { classes } = archive.nomenclature
  const scenery = drawScenery(seed, classes.length)
  const names = archive.names(patches)
  const classesOf = (i: number) => archive.setOf?.(names[i]) ?? setOf(scenery, seed, i)
  const make = async (i: number): Promise<PatchRef> => {
    const image = archive.fileOf(names[i], i)
    const set = classesOf(i)
    if (!complete && !existsSync(join(folder, image))) {
      const [height, width] = archive.sizeOf(i, edge)
      const files = await archive.encode(drawPicture(scenery, seed, i, set, height, width), image, i)
      // The picture last: it is what tells that all is there.
      for (const [path, bytes] of Object.entries(files)) if (path !== image) put(join(folder, path), bytes)
      put(join(folder, image), files[image])
    }
    return {
      kind: "reference",
      archive: archive.kind,
      name: names[i],
      folder,
      files: { image },
      facts: archive.factsOf?.(names[i]) ?? {},
      labels: set.map((index) => classes[index]),
      nomenclature: archive.nomenclature,
      split: archive.splitOf?.(i)
    }
  }
  const finish = () => {
    const rows = names.map((name, i) => ({ name, labels: multiHot(classes.length, classesOf(i)) }))
    for (const [path, content] of Object.entries(archive.tables(rows))) writeFileAtomic(join(folder, path), content)
    finishMiniature(folder, facts)
  }
  return { count: patches, complete, make, finish: complete ? () => undefined : finish }
}
