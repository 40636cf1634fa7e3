import { classList } from "../shared/class-list.ts"
import { LAND_USE_17, LAND_USE_ALIASES } from "../shared/land-use.ts"

/** Classes of UC Merced Land Use. */
export const UCM = classList({
  name: "UCM",
  synonyms: [],
  classes: LAND_USE_17,
  aliases: LAND_USE_ALIASES,
  mostLabels: 7
})
