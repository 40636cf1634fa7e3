/**
 * Reads the bands of images that belong to no archive: one file, a folder with the bands of a patch, or a folder of patches.
 */
import { existsSync, statSync } from "node:fs"
import { dirname, relative, sep } from "node:path"
import { counted } from "../../../../pipeline/words.ts"
import type { Band } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import { readLayers } from "../../inspect/file-layers.ts"
import { type PatchFiles, patchesBelow } from "../../inspect/images-below.ts"
import type { Layer } from "../../inspect/layer-facts.ts"
import { patchOfFile } from "../../inspect/layer-names.ts"
import type { Note } from "../noted.ts"

/** Prefixes names with their path below `folder` if two folders hold images of one name. */
const distinct = (folder: string, found: ReadonlyArray<PatchFiles>): ReadonlyArray<PatchFiles> => {
  const counts = new Map<string, number>()
  for (const { name } of found) counts.set(name, (counts.get(name) ?? 0) + 1)
  return found.map((one) => {
    if (counts.get(one.name) === 1) return one
    const inside = relative(folder, dirname(one.files[0])).split(sep).join("/")
    return inside === "" ? one : { ...one, name: `${inside}/${one.name}` }
  })
}

/**
 * Lists the patches at a path, starting with the folder itself. Files whose names differ only in their band are one patch.
 *
 * @throws DataError if the path does not exist or holds no image
 */
export const imagesAt = (path: string): ReadonlyArray<PatchFiles> => {
  const refuse = (problem: string) =>
    new DataError({ subject: path, problem, remedy: "Give an image, or a folder of images or of a patch's bands" })
  if (!existsSync(path)) throw refuse("there is no such file or folder")
  if (!statSync(path).isDirectory()) return [{ name: patchOfFile(path).patch, files: [path] }]
  const found = [...patchesBelow(path)]
  if (found.length === 0) throw refuse("holds no image")
  return distinct(path, found)
}

const bandOf = (name: string, { name: own, shape, ...layer }: Layer, given: string | undefined): Band => {
  const [height, width, ...more] = shape
  if (height !== undefined && width !== undefined && more.length === 0) {
    return { ...layer, name: given ?? own, height, width }
  }
  throw new DataError({
    subject: name,
    problem: `${own} has the shape (${shape.join(", ")}), which is not a band of an image`,
    remedy: "Give one array [height, width] per band"
  })
}

/**
 * Reads all bands of one image.
 *
 * @param names that replace those in the files, in order
 * @param note receives what was unusual about a file that is read nevertheless
 * @returns rejects with DataError if a file cannot be read, or the number of bands is not that of `names`
 */
export const bandsOf = async (
  { files, name }: PatchFiles,
  names: ReadonlyArray<string> | undefined,
  note: Note
): Promise<ReadonlyArray<Band>> => {
  const layers = (await Promise.all(files.map((file) => readLayers(file, note)))).flat()
  if (names !== undefined && names.length !== layers.length) {
    throw new DataError({
      subject: name,
      problem: `holds ${counted(layers.length, "band")}, but ${counted(names.length, "name is", "names are")} given`,
      remedy: "Name every band of the file, in its order"
    })
  }
  return layers.map((layer, i) => bandOf(name, layer, names?.[i]))
}
