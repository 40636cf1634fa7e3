import { classList } from "../shared/class-list.ts"

/** Classes of WHDLD (Shao et al. 2018), in the order of the original's table. */
export const WHDLD = classList({
  name: "WHDLD",
  synonyms: [],
  classes: ["Bare Soil", "Building", "Pavement", "Road", "Vegetation", "Water"],
  aliases: { buildings: "Building", roads: "Road", baresoils: "Bare Soil", pavements: "Pavement" },
  mostLabels: 6
})
