import { jpg, tableText } from "../../miniature/picture-files.ts"
import { pictures, type Row } from "../../miniature/picture-set.ts"
import { MLRSNET } from "./classes.ts"

const CATEGORIES =
  "airplane airport bareland baseball_diamond basketball_court beach bridge chaparral cloud commercial_area dense_residential_area desert eroded_farmland farmland forest freeway golf_course ground_track_field harbor&port industrial_area intersection island lake meadow mobile_home_park mountain overpass park parking_lot parkway railway railway_station river roundabout shipping_yard snowberg sparse_residential_area stadium storage_tank swimmimg_pool tennis_court terrace transmission_tower vegetable_greenhouse wetland wind_turbine".split(
    " "
  )

const categoryOf = (name: string): string => name.slice(0, name.lastIndexOf("_"))

/** As in the release of June 2020: CRLF, some tables with columns in another order, one with a blank cell in its header. */
const tableOf = (category: string, rows: ReadonlyArray<Row>): string => {
  const { classes } = MLRSNET
  const turned = category === "island" || category === "desert"
  const order = turned ? [...classes.keys()].reverse() : [...classes.keys()]
  const header = order.map((i) => (category === "storage_tank" && classes[i] === "snowberg" ? "" : classes[i]))
  const cells = rows.map(({ labels, name }) => ({ name, labels: Uint8Array.from(order, (i) => labels[i]) }))
  return tableText("image", header, cells, ",", ".jpg", "\r\n")
}

/** MLRSNet: a folder and a table of labels per category. */
export const { classes, open } = pictures({
  classes: MLRSNET,
  edge: 256,
  sizeOf: (_, edge) => [edge, edge],
  names: (count) =>
    CATEGORIES.flatMap((category, c) =>
      Array.from(
        { length: Math.max(0, Math.ceil((count - c) / CATEGORIES.length)) },
        (_, i) => `${category}_${String(i + 1).padStart(5, "0")}`
      )
    ),
  fileOf: (name) => `Images/${categoryOf(name)}/${name}.jpg`,
  factsOf: (name) => ({ category: categoryOf(name) }),
  encode: jpg,
  tables: (rows) => {
    const present = CATEGORIES.filter((category) => rows.some(({ name }) => categoryOf(name) === category))
    return Object.fromEntries(
      present.map((category) => [
        `labels/${category}.csv`,
        tableOf(
          category,
          rows.filter(({ name }) => categoryOf(name) === category)
        )
      ])
    )
  }
})
