/** The bands, dtypes and sizes of a store's patches, and the patches that differ from the rest. */

import type { Description } from "../../formats/safetensors/read.ts"
import { S2_BANDS } from "../patches/bands.ts"

/** Patches with the same bands, each of the same dtype and shape. */
export interface Form {
  /** "B01 uint16 20 x 20", in the order of their text. */
  readonly bands: ReadonlyArray<string>
  readonly patches: number
  /** The first few. */
  readonly examples: ReadonlyArray<string>
}

/** How many examples a message shows. */
const SHOWN = 5

export interface Forms {
  readonly add: (patch: string, value: Description) => void
  /** The most frequent first. */
  readonly list: () => ReadonlyArray<Form>
}

export const countForms = (): Forms => {
  const forms = new Map<
    string,
    { readonly bands: ReadonlyArray<string>; patches: number; readonly examples: Array<string> }
  >()
  return {
    add: (patch, { tensors }) => {
      const bands = tensors.map(({ dtype, name, shape }) => `${name} ${dtype} ${shape.join(" x ")}`).sort()
      const key = bands.join("\n")
      const form = forms.get(key) ?? { bands, patches: 0, examples: [] }
      form.patches++
      if (form.examples.length < SHOWN) form.examples.push(patch)
      forms.set(key, form)
    },
    list: () => [...forms.values()].sort((a, b) => b.patches - a.patches)
  }
}

/**
 * Sets of BigEarthNet's bands; a patch has all bands of a set or none: Sentinel-2 at 120, 60 and 20 pixels, Sentinel-1 at
 * 120.
 */
const BIGEARTHNET = [
  S2_BANDS.map(({ name, size }) => `${name} uint16 ${size} x ${size}`),
  ["VV float32 120 x 120", "VH float32 120 x 120"],
  // The reference map of a patch, as rico-hdl stores it and as a band.
  ["Data uint16 120 x 120"],
  ["reference_map uint16 120 x 120"]
]

const isBigEarthNet = (bands: ReadonlyArray<string>): boolean => {
  const there = BIGEARTHNET.filter((set) => set.some((band) => bands.includes(band)))
  const wanted = there.flat()
  return wanted.length > 0 && wanted.length === bands.length && wanted.every((band) => bands.includes(band))
}

/** The expected form of patches: the `same` as most of them, BigEarthNet's bands and sizes, or `any`. */
export type Expected = "same" | "bigearthnet" | "any"

/** The forms that differ from the expected one. */
export const strangeForms = (forms: ReadonlyArray<Form>, expected: Expected): ReadonlyArray<Form> => {
  if (expected === "any") return []
  if (expected === "same") return forms.slice(1)
  return forms.filter(({ bands }) => !isBigEarthNet(bands))
}
