import { classList } from "../shared/class-list.ts"
import { LAND_USE_17, LAND_USE_ALIASES } from "../shared/land-use.ts"

/** Classes of DLRSD. */
export const DLRSD = classList({
  name: "DLRSD",
  synonyms: [],
  classes: LAND_USE_17,
  aliases: LAND_USE_ALIASES,
  mostLabels: undefined
})
