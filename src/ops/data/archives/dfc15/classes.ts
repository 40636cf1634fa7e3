import { classList } from "../shared/class-list.ts"

/** Classes of DFC15: Hua et al., "Relation Network for Multilabel Aerial Image Classification" (2020). */
export const DFC15 = classList({
  name: "DFC15",
  synonyms: [],
  classes: ["impervious", "water", "clutter", "vegetation", "building", "tree", "boat", "car"],
  aliases: {
    impervioussurface: "impervious",
    impervioussurfaces: "impervious",
    lowvegetation: "vegetation",
    buildings: "building",
    trees: "tree",
    boats: "boat",
    cars: "car"
  },
  mostLabels: 6
})
