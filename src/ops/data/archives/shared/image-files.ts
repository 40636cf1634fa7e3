/** Image files of an archive, found by their names whatever the case. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { DataError } from "../../../formats/data-error.ts"
import { filesBelow } from "./read-file.ts"

/** Endings of image files. */
export const IMAGE = /\.(tiff?|jpe?g|png)$/i

/** Makes the key by which names in tables and lists are compared with files. */
export type Stem = (name: string) => string

/** One spelling of a path: macOS decomposes letters with accents, and some programs begin with `./`. */
const plain = (file: string): string => file.normalize("NFC").replace(/^(\.\/+)+/, "")

/** A path as a table or list writes it: those of Windows have backslashes between folders. */
const written = (name: string): string => plain(name.replaceAll("\\", "/"))

const lastOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

/**
 * The name of the patch of a file, without folder and extension. A backslash is part of the name: only on Windows it
 * separates folders, and there paths come with `/`.
 *
 * @example
 * nameOf("Images/airport/Airport_81.jpg") // => "Airport_81"
 */
export const nameOf = (file: string): string => lastOf(plain(file)).replace(IMAGE, "")

/**
 * The name of the patch of a file with its folders, for archives in which these tell images apart.
 *
 * @example
 * pathNameOf("n/a.png") // => "n/a"
 */
export const pathNameOf = (file: string): string => plain(file).replace(IMAGE, "")

/**
 * Key without folder and extension, in lower case.
 *
 * @example
 * stemOf("Images/Airport_81.jpg") // => "airport_81"
 */
export const stemOf: Stem = (name) => lastOf(written(name)).replace(IMAGE, "").toLowerCase()

/**
 * Key with folders, in lower case.
 *
 * @example
 * pathOf("North\\A.png") // => "north/a"
 */
export const pathOf: Stem = (name) => written(name).replace(IMAGE, "").toLowerCase()

/**
 * Key as `stemOf`; of running numbers, which some names pad with zeros, the number.
 *
 * @example
 * numberOf("0042.png") // => "42"
 */
export const numberOf: Stem = (name) => {
  const stem = stemOf(name)
  return /^\d+(\.0)?$/.test(stem) ? String(Number(stem)) : stem
}

/** The key for these names: their paths if one of them has a folder, otherwise their stems. */
export const stemFor = (names: ReadonlyArray<string>): Stem =>
  names.some((name) => written(name).includes("/")) ? pathOf : stemOf

/** The key by which lists are compared with these patches: as `stemFor`, or their numbers if all are numbers. */
export const listedBy = (patches: ReadonlyArray<string>): Stem =>
  patches.every((name) => /^\d+$/.test(stemOf(name))) ? numberOf : stemFor(patches)

/** The name of a patch by its row in a table, if no image is there. */
export const namedBy = (stem: Stem, name: string): string =>
  stem === pathOf ? pathNameOf(written(name)) : nameOf(written(name))

/**
 * The image files below some folders of an archive, by stem.
 *
 * @param inside folders within `folder`; "" is the folder itself
 * @returns paths relative to `folder`, in the order of their text; rejects with DataError if there is none, or two have
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
 * As `imagesIn`; `undefined` if only labels are wanted and none of the folders exists.
 *
 * @returns rejects as `imagesIn`
 */
export const imagesIfWanted = async (
  labelsOnly: boolean,
  ...[folder, inside, stem]: Parameters<typeof imagesIn>
): Promise<ReadonlyMap<string, string> | undefined> =>
  labelsOnly && !inside.some((one) => existsSync(join(folder, one))) ? undefined : imagesIn(folder, inside, stem)
