/** Image files of an archive, found by the stem of their names whatever its case. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { DataError } from "../../../formats/data-error.ts"
import { filesBelow } from "./read-file.ts"

/** What image files end in. */
export const IMAGE = /\.(tiff?|jpe?g|png)$/i

/** The key that file names are compared by. */
export type Stem = (name: string) => string

/** Without folder and extension, in lower case: `Airport_81.jpg` and `airport_81` are one. */
export const stemOf: Stem = (name) => nameOf(name).toLowerCase()

/**
 * A file's path in one spelling: tables of Windows have backslashes, some programs begin with `./`, and macOS takes letters
 * with accents apart.
 */
const plain = (file: string): string =>
  file
    .normalize("NFC")
    .replaceAll("\\", "/")
    .replace(/^(\.\/+)+/, "")

/** The name of a patch: its file's, without folder and extension. */
export const nameOf = (file: string): string => {
  const path = plain(file)
  return path.slice(path.lastIndexOf("/") + 1).replace(IMAGE, "")
}

/** As `nameOf` with its folders, where these tell images of one stem apart: `n/a` of `n/a.png`. */
export const pathNameOf = (file: string): string => plain(file).replace(IMAGE, "")

/** As `stemOf` with its folders. */
export const pathOf: Stem = (name) => pathNameOf(name).toLowerCase()

/** As `stemOf`; of running numbers, in places padded with zeros, the number: `0042` and `42` are one. */
export const numberOf: Stem = (name) => {
  const stem = stemOf(name)
  return /^\d+(\.0)?$/.test(stem) ? String(Number(stem)) : stem
}

/** What some names are compared by: their paths where one of them has a folder, else their stems. */
export const stemFor = (names: ReadonlyArray<string>): Stem =>
  names.some((name) => plain(name).includes("/")) ? pathOf : stemOf

/** What lists are compared with these patches by: as `stemFor`, or their numbers where all are numbers. */
export const listedBy = (patches: ReadonlyArray<string>): Stem =>
  patches.every((name) => /^\d+$/.test(stemOf(name))) ? numberOf : stemFor(patches)

/**
 * The image files below some folders of an archive, by stem.
 *
 * @param inside folders within `folder`; "" is the folder itself
 * @returns paths relative to `folder`, in the order of their text; rejects with DataError where there is none, or two have
 *   one stem
 */
export const imagesIn = async (
  folder: string,
  inside: ReadonlyArray<string>,
  stem: Stem = stemOf
): Promise<ReadonlyMap<string, string>> => {
  const holding = inside.map((one) => (one === "" ? "the images" : `\`${one}\``)).join(" and ")
  const remedy = `Give the folder that holds ${holding}`
  const images = new Map<string, string>()
  for (const one of inside) {
    for (const path of await filesBelow(join(folder, one), remedy)) {
      if (!IMAGE.test(path)) continue
      const file = one === "" ? path : `${one}/${path}`
      const key = stem(file)
      const other = images.get(key)
      if (other !== undefined) {
        throw new DataError({
          subject: folder,
          problem: `holds two images of one name: ${other} and ${file}`,
          remedy: `Names must differ by more than case${stem === pathOf ? "" : ", folder"} and extension: remove or rename one`
        })
      }
      images.set(key, file)
    }
  }
  if (images.size === 0) {
    throw new DataError({ subject: folder, problem: "holds no images (tif, jpg or png)", remedy })
  }
  return images
}

/**
 * As `imagesIn`; `undefined` where labels alone are wanted and none of the folders is there.
 *
 * @returns rejects as `imagesIn`
 */
export const imagesIfWanted = async (
  labelsOnly: boolean,
  ...[folder, inside, stem]: Parameters<typeof imagesIn>
): Promise<ReadonlyMap<string, string> | undefined> =>
  labelsOnly && !inside.some((one) => existsSync(join(folder, one))) ? undefined : imagesIn(folder, inside, stem)
