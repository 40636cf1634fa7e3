/** Bands that a picture shows. The page uses this for files that are dropped on it. */
import type { Band } from "../../elements.ts"
import type { Rgb } from "../pictures/true-colour.ts"
import { ShowError } from "../show-error.ts"

/** True colour, or the names of three bands. */
export type ShownBands = "rgb" | readonly [string, string, string]

/** Bands by the names that a picture's red, green and blue have in different archives. */
const COLOURS: ReadonlyArray<readonly [string, string, string]> = [
  ["B04", "B03", "B02"],
  ["Red", "Green", "Blue"]
]

/** The bands to show: those given, else true colour, else the first band as grey. */
export const shownBands = (patch: string, bands: ReadonlyArray<Band>, wanted: ShownBands): Rgb => {
  const byName = new Map(bands.map((band) => [band.name, band] as const))
  const pick = (names: readonly [string, string, string]): Rgb | undefined => {
    const found = names.map((name) => byName.get(name))
    return found.every((band) => band !== undefined) ? (found as unknown as Rgb) : undefined
  }
  if (wanted !== "rgb") {
    const given = pick(wanted)
    if (given !== undefined) return given
    throw new ShowError({
      subject: patch,
      problem: `has no bands ${wanted.join(", ")}, but ${bands.map(({ name }) => name).join(", ")}`,
      remedy: "Name three bands of the images in `bands` of `explore`"
    })
  }
  for (const names of COLOURS) {
    const found = pick(names)
    if (found !== undefined) return found
  }
  return bands.length >= 3 ? [bands[0], bands[1], bands[2]] : [bands[0], bands[0], bands[0]]
}
