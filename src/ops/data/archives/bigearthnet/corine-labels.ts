/**
 * The CORINE classes of BigEarthNet in both class lists, and multi-hot vectors of them.
 *
 * The 43 classes are CORINE Land Cover level 3 without glaciers; the 19 are the grouping of Sumbul et al.,
 * "BigEarthNet-MM" (2021), table 1. The order is that of the archive's release.
 */
import { suggestion } from "../../../../pipeline/words.ts"
import { DataError } from "../../../formats/data-error.ts"
import { classList, multiHot } from "../shared/class-list.ts"

export const CLASSES_43: ReadonlyArray<string> = [
  "Continuous urban fabric",
  "Discontinuous urban fabric",
  "Industrial or commercial units",
  "Road and rail networks and associated land",
  "Port areas",
  "Airports",
  "Mineral extraction sites",
  "Dump sites",
  "Construction sites",
  "Green urban areas",
  "Sport and leisure facilities",
  "Non-irrigated arable land",
  "Permanently irrigated land",
  "Rice fields",
  "Vineyards",
  "Fruit trees and berry plantations",
  "Olive groves",
  "Pastures",
  "Annual crops associated with permanent crops",
  "Complex cultivation patterns",
  "Land principally occupied by agriculture, with significant areas of natural vegetation",
  "Agro-forestry areas",
  "Broad-leaved forest",
  "Coniferous forest",
  "Mixed forest",
  "Natural grassland",
  "Moors and heathland",
  "Sclerophyllous vegetation",
  "Transitional woodland/shrub",
  "Beaches, dunes, sands",
  "Bare rock",
  "Sparsely vegetated areas",
  "Burnt areas",
  "Inland marshes",
  "Peatbogs",
  "Salt marshes",
  "Salines",
  "Intertidal flats",
  "Water courses",
  "Water bodies",
  "Coastal lagoons",
  "Estuaries",
  "Sea and ocean"
]

export const CLASSES_19: ReadonlyArray<string> = [
  "Urban fabric",
  "Industrial or commercial units",
  "Arable land",
  "Permanent crops",
  "Pastures",
  "Complex cultivation patterns",
  "Land principally occupied by agriculture, with significant areas of natural vegetation",
  "Agro-forestry areas",
  "Broad-leaved forest",
  "Coniferous forest",
  "Mixed forest",
  "Natural grassland and sparsely vegetated areas",
  "Moors, heathland and sclerophyllous vegetation",
  "Transitional woodland, shrub",
  "Beaches, dunes, sands",
  "Inland wetlands",
  "Coastal wetlands",
  "Inland waters",
  "Marine waters"
]

/** BigEarthNet's 43 classes, as the archive of version 1 names them. */
export const CORINE_43 = classList({
  name: "43",
  synonyms: ["old_classes"],
  classes: CLASSES_43,
  aliases: {},
  mostLabels: undefined
})

/** BigEarthNet's 19 classes. No patch of version 2 has more than 11 of them. */
export const CORINE_19 = classList({
  name: "19",
  synonyms: ["new_classes"],
  classes: CLASSES_19,
  aliases: {},
  mostLabels: 11
})

/** Index among the 19 classes of each of the 43; `null` for a class that the 19 leave out. */
export const INDEX_19_OF_43: ReadonlyArray<number | null> = [
  0,
  0,
  1,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  null,
  2,
  2,
  2,
  3,
  3,
  3,
  4,
  3,
  5,
  6,
  7,
  8,
  9,
  10,
  11,
  12,
  12,
  13,
  14,
  null,
  11,
  null,
  15,
  15,
  16,
  16,
  null,
  17,
  17,
  18,
  18,
  18
]

/** One class has two spellings in circulation: "Transitional woodland/shrub" and "Transitional woodland, shrub". */
const key = (name: string): string => name.replace("woodland/shrub", "woodland, shrub")

const indices = (classes: ReadonlyArray<string>) => new Map(classes.map((name, i) => [key(name), i]))
const INDEX_43 = indices(CLASSES_43)
const INDEX_19 = indices(CLASSES_19)

/** Index among the 19 classes of a name from either list; `undefined` if the class belongs to none of them. */
const index19 = (name: string): number | undefined => {
  const old = INDEX_43.get(key(name))
  const grouped = old === undefined ? undefined : (INDEX_19_OF_43[old] ?? undefined)
  return grouped ?? INDEX_19.get(key(name))
}

/**
 * Multi-hot vector under 43 classes, uint8 [43].
 *
 * @param names CORINE level-3 names; "Transitional woodland/shrub" in either spelling
 * @param subject the patch, for messages
 * @throws DataError if a name is not one of the 43
 */
export const encode43 = (names: ReadonlyArray<string>, subject: string): Uint8Array =>
  multiHot(
    CLASSES_43.length,
    names.map((name) => {
      const i = INDEX_43.get(key(name))
      if (i !== undefined) return i
      throw new DataError({
        subject,
        problem: `has the unknown label "${name}"${suggestion(name, CLASSES_43)}`,
        remedy: "Labels are CORINE level-3 names as in BigEarthNet v1"
      })
    })
  )

/**
 * Multi-hot vector under 19 classes, uint8 [19]. Names may come from either list. A name without a class among the 19 is
 * skipped, so the vector may be all zero.
 */
export const encode19 = (names: ReadonlyArray<string>): Uint8Array => multiHot(CLASSES_19.length, names.map(index19))
