/** Names that make EuroSAT: its classes, bands, files and folders. */
import { join } from "node:path"
import { classList } from "../shared/class-list.ts"
import { firstNames } from "../shared/glance.ts"

/** Classes of EuroSAT (Helber et al. 2019). */
export const EUROSAT = classList({
  name: "EuroSAT",
  synonyms: [],
  classes: [
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
  ],
  aliases: {},
  mostLabels: 1
})

/** Bands in the order of the tifs: B8A is last. */
export const EUROSAT_BANDS = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B09", "B10", "B11", "B12", "B8A"]

/**
 * Whether a file is named as EuroSAT's are.
 *
 * @example
 * isEurosatFile("Forest_12") // => true
 */
export const isEurosatFile = (stem: string): boolean =>
  EUROSAT.classes.some((name) => stem.startsWith(`${name}_`) && /^\d+$/.test(stem.slice(name.length + 1)))

/** Whether a folder holds the folders of the classes, up to `depth` folders down. */
export const holdsClasses = (folder: string, depth = 7): boolean => {
  const inner = firstNames(folder, "folder")
  if (inner.includes("AnnualCrop")) return true
  return (
    depth > 0 && inner.length > 0 && inner.length < 4 && inner.some((one) => holdsClasses(join(folder, one), depth - 1))
  )
}
