import { classList } from "../shared/class-list.ts"

/** Classes of MLRSNet; `habor` and `snowberg` are its own spellings. */
export const MLRSNET = classList({
  name: "MLRSNet",
  synonyms: [],
  classes:
    "airplane,airport,bare soil,baseball diamond,basketball court,beach,bridge,buildings,cars,chaparral,cloud,containers,crosswalk,dense residential area,desert,dock,factory,field,football field,forest,freeway,golf course,grass,greenhouse,gully,habor,intersection,island,lake,mobile home,mountain,overpass,park,parking lot,parkway,pavement,railway,railway station,river,road,roundabout,runway,sand,sea,ships,snow,snowberg,sparse residential area,stadium,swimming pool,tanks,tennis court,terrace,track,trail,transmission tower,trees,water,wetland,wind turbine".split(
      ","
    ),
  aliases: {
    harbor: "habor",
    snowbergs: "snowberg",
    swimmimgpool: "swimming pool",
    ship: "ships",
    tree: "trees",
    car: "cars",
    building: "buildings",
    tank: "tanks"
  },
  mostLabels: 13,
  filledRemedy:
    "Take the label files of 2020-06-30 (commit cd5ca1c of github.com/cugbrs/MLRSNet): those at its head are damaged"
})
