/**
 * The class lists of the field's data sets, by the names that configurations use, and the translation of label names into
 * vectors under them.
 */
import { suggestion } from "../../../../pipeline/words.ts"
import type { Nomenclature } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import { CLASSES_19, CLASSES_43, encode19, encode43, multiHot } from "./corine-labels.ts"

/** Chaudhuri et al., "Multilabel Remote Sensing Image Retrieval Using a Semisupervised Graph-Theoretic Method" (2018). */
const LAND_USE_17 = [
  "airplane",
  "bare-soil",
  "buildings",
  "cars",
  "chaparral",
  "court",
  "dock",
  "field",
  "grass",
  "mobile-home",
  "pavement",
  "sand",
  "sea",
  "ship",
  "tanks",
  "trees",
  "water"
]

/** Qi et al., "MLRSNet" (2020); `habor` and `snowberg` are its own spellings. */
const MLRSNET_60 =
  "airplane,airport,bare soil,baseball diamond,basketball court,beach,bridge,buildings,cars,chaparral,cloud,containers,crosswalk,dense residential area,desert,dock,factory,field,football field,forest,freeway,golf course,grass,greenhouse,gully,habor,intersection,island,lake,mobile home,mountain,overpass,park,parking lot,parkway,pavement,railway,railway station,river,road,roundabout,runway,sand,sea,ships,snow,snowberg,sparse residential area,stadium,swimming pool,tanks,tennis court,terrace,track,trail,transmission tower,trees,water,wetland,wind turbine".split(
    ","
  )

const CLASSES: Readonly<Record<string, ReadonlyArray<string>>> = {
  "19": CLASSES_19,
  "43": CLASSES_43,
  UCM: LAND_USE_17,
  AID: LAND_USE_17,
  DLRSD: LAND_USE_17,
  // Shao et al. (2018); in the order of the original's table.
  WHDLD: ["Bare Soil", "Building", "Pavement", "Road", "Vegetation", "Water"],
  // Hua et al., "Relation Network for Multi-label Aerial Image Classification" (2019).
  DFC15: ["impervious", "water", "clutter", "vegetation", "building", "tree", "boat", "car"],
  MLRSNet: MLRSNET_60,
  // Helber et al. (2019); one class an image.
  EuroSAT: [
    "AnnualCrop",
    "Forest",
    "HerbaceousVegetation",
    "Highway",
    "Industrial",
    "Pasture",
    "PermanentCrop",
    "Residential",
    "River",
    "SeaLake"
  ]
}

/** The name of class lists that an archive brings itself. */
export const OWN = "own"

/** The original's names of BigEarthNet's two nomenclatures. */
const SYNONYMS: Readonly<Record<string, string>> = { new_classes: "19", old_classes: "43" }

/** What `nomenclature` may be: the archive's own, or a known one by name. */
export const NOMENCLATURE_NAMES = [
  OWN,
  "19",
  "new_classes",
  "43",
  "old_classes",
  "UCM",
  "AID",
  "WHDLD",
  "DLRSD",
  "DFC15",
  "MLRSNet",
  "EuroSAT"
] as const
export type NomenclatureName = (typeof NOMENCLATURE_NAMES)[number]

/** A known nomenclature. */
export const nomenclatureOf = (name: Exclude<NomenclatureName, typeof OWN>): Nomenclature => {
  const plain = SYNONYMS[name] ?? name
  return { name: plain, classes: CLASSES[plain] }
}

/** A class list that an archive brings itself. */
export const ownNomenclature = (classes: ReadonlyArray<string>): Nomenclature => ({ name: OWN, classes })

/** Spellings in circulation that differ by more than case, blanks, hyphens and slashes. */
const LAND_USE_ALIASES = {
  airplanes: "airplane",
  building: "buildings",
  car: "cars",
  courts: "court",
  docks: "dock",
  fields: "field",
  mobilehomes: "mobile-home",
  ships: "ship",
  tank: "tanks",
  tree: "trees"
}
const ALIASES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  UCM: LAND_USE_ALIASES,
  AID: LAND_USE_ALIASES,
  DLRSD: LAND_USE_ALIASES,
  WHDLD: { buildings: "Building", roads: "Road", baresoils: "Bare Soil", pavements: "Pavement" },
  DFC15: {
    impervioussurface: "impervious",
    impervioussurfaces: "impervious",
    lowvegetation: "vegetation",
    buildings: "building",
    trees: "tree",
    boats: "boat",
    cars: "car"
  },
  MLRSNet: {
    harbor: "habor",
    snowbergs: "snowberg",
    swimmimgpool: "swimming pool",
    ship: "ships",
    tree: "trees",
    car: "cars",
    building: "buildings",
    tank: "tanks"
  }
}

/** Letters and digits only, in lower case: "Bare Soil", "bare-soil" and "bare_soil" are one. */
const folded = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}&]+/gu, "")

/** Finds the index of a class by any of its spellings. */
export const classFinder = ({ name, classes }: Nomenclature): ((label: string) => number | undefined) => {
  const exact = new Map(classes.map((one, i) => [one, i]))
  const loose = new Map<string, number | undefined>()
  // Where two classes differ by no more than spelling, only the exact name will do.
  classes.forEach((one, i) => {
    loose.set(folded(one), loose.has(folded(one)) ? undefined : i)
  })
  const aliases = new Map(Object.entries(ALIASES[name] ?? {}).map(([alias, one]) => [alias, exact.get(one)]))
  return (label) => exact.get(label) ?? loose.get(folded(label)) ?? aliases.get(folded(label))
}

const finders = new WeakMap<ReadonlyArray<string>, ReturnType<typeof classFinder>>()
/** Made once per class list: archives share theirs among all patches. */
const finderOf = (nomenclature: Nomenclature): ReturnType<typeof classFinder> => {
  const finder = finders.get(nomenclature.classes) ?? classFinder(nomenclature)
  finders.set(nomenclature.classes, finder)
  return finder
}

/**
 * Multi-hot vector of names of classes, uint8 [classes].
 *
 * @param subject whose labels they are, for messages
 * @throws DataError where a name is no class, in no spelling
 */
export const encodeLabels = (
  labels: ReadonlyArray<string>,
  nomenclature: Nomenclature,
  subject: string
): Uint8Array => {
  if (nomenclature.name === "43") return encode43(labels, subject)
  const find = finderOf(nomenclature)
  return multiHot(
    nomenclature.classes.length,
    labels.map((label) => {
      const index = find(label)
      if (index !== undefined) return index
      throw new DataError({
        subject,
        problem: `has the unknown label "${label}"${suggestion(label, nomenclature.classes)}`,
        remedy: `Labels are the ${nomenclature.classes.length} classes of ${nomenclature.name === OWN ? "its archive" : nomenclature.name}`
      })
    })
  )
}

/**
 * Labels of one nomenclature told under another: CORINE's 43 classes under 19, and class lists that are equal but in name.
 *
 * @param from the nomenclature that `labels` are names of
 * @throws DataError where a name is unknown, or the one cannot be told under the other
 */
export const translateLabels = (
  labels: ReadonlyArray<string>,
  from: Nomenclature,
  to: Nomenclature,
  subject: string
): Uint8Array => {
  if (from.name === "43" && to.name === "19") {
    encode43(labels, subject)
    return encode19(labels)
  }
  if (from.name === to.name || from.classes.join("\n") === to.classes.join("\n")) {
    return encodeLabels(labels, to, subject)
  }
  throw new DataError({
    subject,
    problem: `has labels under ${from.name}, which cannot be told under ${to.name}`,
    remedy: `Read with \`nomenclature: ${from.name}\``
  })
}
