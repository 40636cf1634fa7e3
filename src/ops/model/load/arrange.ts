/** Puts bands and classes of a file into the order of a run. They are matched by name, not by position. */
import { FileFault } from "./source.ts"

/** Colours under the names of the corresponding Sentinel-2 bands. */
const COLOURS: Readonly<Record<string, string>> = { Red: "B04", Green: "B03", Blue: "B02" }
/** The Sentinel-2 band of a colour; any other name stays. */
export const bandOf = (name: string): string => (Object.hasOwn(COLOURS, name) ? COLOURS[name] : name)

/** The original's band orders, by the number of bands; its files do not state them. */
const ORIGINAL: Readonly<Record<number, ReadonlyArray<string>>> = {
  3: ["B04", "B03", "B02"],
  10: ["B02", "B03", "B04", "B08", "B05", "B06", "B07", "B8A", "B11", "B12"]
}

/** The order of three colours in all model collections. */
export const RGB = ORIGINAL[3]

/** The original's order of a given number of bands; `undefined` if it has none. */
export const originalBands = (count: number): ReadonlyArray<string> | undefined => ORIGINAL[count]

/**
 * Position in the file of each of our names; `undefined` if the two lists hold different names.
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

/** As `placesOf`, for bands: a colour equals the band of Sentinel-2 with that colour. */
export const placesOfBands = (ours: ReadonlyArray<string>, file: ReadonlyArray<string>) =>
  placesOf(ours.map(bandOf), file.map(bandOf))

/** Whether every position is unchanged. */
export const isInPlace = (places: ReadonlyArray<number>): boolean => places.every((place, i) => place === i)

/** A filter [O, I, KH, KW] whose i-th input is the input `places[i]` of the given filter. */
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

/** A matrix [O, I] whose i-th row is the row `places[i]` of the given matrix. */
export const withRows = (values: Float32Array, places: ReadonlyArray<number>): Float32Array => {
  const width = values.length / places.length
  const made = new Float32Array(values.length)
  places.forEach((place, i) => {
    made.set(values.subarray(place * width, (place + 1) * width), i * width)
  })
  return made
}

/**
 * The order of a file, as the file or its user states it.
 *
 * @param said order given by the user
 * @param file order stated in the file
 * @throws FileFault if both are given and differ
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
