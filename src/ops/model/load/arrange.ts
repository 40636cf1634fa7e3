/** Bands and classes of a file in the order that a network is to have them: mapped by their names, never by place alone. */
import { FileFault } from "./source.ts"

/** Colours of images are bands of Sentinel-2 under other names. */
const COLOURS: Readonly<Record<string, string>> = { Red: "B04", Green: "B03", Blue: "B02" }
const bandOf = (name: string): string => (Object.hasOwn(COLOURS, name) ? COLOURS[name] : name)

/** The original's orders, which its files do not name: by the number of bands. */
const ORIGINAL: Readonly<Record<number, ReadonlyArray<string>>> = {
  3: ["B04", "B03", "B02"],
  10: ["B02", "B03", "B04", "B08", "B05", "B06", "B07", "B8A", "B11", "B12"]
}

/** The order of three colours, which all model collections have. */
export const RGB = ORIGINAL[3]

/** The original's order of so many bands, where it has one. */
export const originalBands = (count: number): ReadonlyArray<string> | undefined => ORIGINAL[count]

/**
 * For each of our names its place among those of the file; `undefined` where they are not the same names.
 *
 * @example
 * placesOf(["B08", "B04"], ["B04", "B08"]) // => [1, 0]
 */
export const placesOf = (
  ours: ReadonlyArray<string>,
  file: ReadonlyArray<string>
): ReadonlyArray<number> | undefined => {
  const places = new Map(file.map((name, i) => [name, i]))
  const found = ours.map((name) => places.get(name) ?? -1)
  const whole = ours.length === file.length && places.size === file.length && new Set(found).size === ours.length
  return whole && !found.includes(-1) ? found : undefined
}

export const placesOfBands = (ours: ReadonlyArray<string>, file: ReadonlyArray<string>) =>
  placesOf(ours.map(bandOf), file.map(bandOf))

/** Whether places are those that they are taken to already. */
export const isInPlace = (places: ReadonlyArray<number>): boolean => places.every((place, i) => place === i)

/** A filter [O, I, KH, KW] with its inputs taken from `places`. */
export const withInputs = (values: Float32Array, outputs: number, places: ReadonlyArray<number>): Float32Array => {
  const area = values.length / (outputs * places.length)
  const made = new Float32Array(values.length)
  for (let o = 0; o < outputs; o++) {
    places.forEach((place, i) => {
      const from = (o * places.length + place) * area
      made.set(values.subarray(from, from + area), (o * places.length + i) * area)
    })
  }
  return made
}

/** A matrix [O, I] with its rows taken from `places`. */
export const withRows = (values: Float32Array, places: ReadonlyArray<number>): Float32Array => {
  const width = values.length / places.length
  const made = new Float32Array(values.length)
  places.forEach((place, i) => {
    made.set(values.subarray(place * width, (place + 1) * width), i * width)
  })
  return made
}

/**
 * The order that holds for a file, from what it says itself and what is said of it.
 *
 * @throws FileFault where they are not the same
 */
export const agreed = (
  what: "bands" | "classes",
  said: ReadonlyArray<string> | undefined,
  file: ReadonlyArray<string> | undefined
): ReadonlyArray<string> | undefined => {
  if (said === undefined || file === undefined) return said ?? file
  if (said.join("\0") === file.join("\0")) return said
  throw new FileFault(`says that its ${what} are ${file.join(", ")}, not ${said.join(", ")}`)
}
