/** Names of images with and without the ending of their files. */

/** Endings of image files, which names may have or lack. */
const ENDING = /\.(tiff?|png|jpe?g|jp2|gif|bmp|webp|img|npy|nc|h5|safetensors)$/i

/**
 * A name without the ending of an image file.
 *
 * @example
 * withoutEnding("tiles/a.1.tif") // => "tiles/a.1"
 * withoutEnding("S2A_MSIL2A.20170613") // => "S2A_MSIL2A.20170613"
 */
export const withoutEnding = (name: string): string => name.replace(ENDING, "")

/**
 * Makes a function from a name to its position in a list: the equal name, else the only one that is equal but for the ending
 * of an image file; `undefined` if there is none.
 *
 * @example
 * const find = positions(["a.tif", "b"])
 * find("a") // => 0
 * find("b.png") // => 1
 * find("c") // => undefined
 */
export const positions = (names: ReadonlyArray<string>): ((name: string) => number | undefined) => {
  const exact = new Map(names.map((name, i) => [name, i]))
  const bare = new Map<string, number | undefined>()
  names.forEach((name, i) => {
    const short = withoutEnding(name)
    // Of two names that differ in their ending alone, neither is meant.
    bare.set(short, bare.has(short) ? undefined : i)
  })
  return (name) => exact.get(name) ?? bare.get(withoutEnding(name))
}
