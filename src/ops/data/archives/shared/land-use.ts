/** The 17 classes that UC Merced, AID and DLRSD share. */

/** Chaudhuri et al., "Multilabel Remote Sensing Image Retrieval Using a Semisupervised Graph-Theoretic Method" (2018). */
export const LAND_USE_17: ReadonlyArray<string> = [
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

/** Other spellings in circulation, see `ClassList`. */
export const LAND_USE_ALIASES: Readonly<Record<string, string>> = {
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
