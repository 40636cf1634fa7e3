/** The satellite scenes that a miniature's patches are cut from: names, dates and places as BigEarthNet v1 writes them. */

import { DataError } from "../../../formats/data-error.ts"

export interface Scene {
  readonly satellite: "S2A" | "S2B"
  /** Sensing time in the form of product names. */
  readonly sensed: string
  readonly tile: string
  /** UTM zone, northern hemisphere. */
  readonly zone: number
  /** Upper left corner of the tile, metres. */
  readonly ulx: number
  readonly uly: number
  /** -1 in winter to 1 in early summer. */
  readonly season: number
}

const scene = (
  satellite: Scene["satellite"],
  sensed: string,
  tile: string,
  ulx: number,
  uly: number,
  season: number
): Scene => ({ satellite, sensed, tile, zone: Number.parseInt(tile, 10), ulx, uly, season })

/** Seasons cancel out over all scenes. */
export const SCENES: ReadonlyArray<Scene> = [
  scene("S2A", "20170613T101031", "34VER", 499_980, 6_500_040, 1),
  scene("S2A", "20170717T113321", "29SNC", 499_980, 4_300_020, 0.6),
  scene("S2B", "20170808T094029", "35VNL", 499_980, 6_800_040, 0.3),
  scene("S2A", "20170924T093021", "34TCR", 300_000, 5_000_040, -0.1),
  scene("S2B", "20171016T100019", "33UUP", 300_000, 5_400_000, -0.4),
  scene("S2A", "20171221T112501", "29SND", 499_980, 4_400_040, -1),
  scene("S2B", "20180204T112159", "29UPU", 600_000, 5_900_040, -0.8),
  scene("S2B", "20180421T100029", "33UVP", 399_960, 5_400_000, 0.4)
]

/** Columns, and rows, of patches in a tile. */
export const GRID = 91

/** One place in one scene. */
export interface Site {
  readonly scene: Scene
  readonly column: number
  readonly row: number
}

/** Number of patches that fit into the tiles. */
const MAX_SITES = SCENES.length * GRID * GRID

/** @throws DataError if there are fewer sites */
export const checkSites = (folder: string, patches: number): void => {
  if (patches <= MAX_SITES) return
  throw new DataError({
    subject: folder,
    problem: `cannot hold ${patches} patches: a miniature has tiles for ${MAX_SITES}`,
    remedy: "Set `patches` lower"
  })
}

/** The site of patch `index`; all sites below `MAX_SITES` differ. */
export const siteOf = (index: number): Site => {
  const place = Math.floor(index / SCENES.length)
  return { scene: SCENES[index % SCENES.length], column: place % GRID, row: Math.floor(place / GRID) }
}

/** The patch name of BigEarthNet v1: column and row are not zero-padded. */
export const nameOf = ({ scene: { satellite, sensed }, column, row }: Site): string =>
  `${satellite}_MSIL2A_${sensed}_${column}_${row}`

/** Corners of a site in metres. */
export const cornersOf = ({ scene: { ulx, uly }, column, row }: Site) => ({
  ulx: ulx + 1200 * column,
  uly: uly - 1200 * row,
  lrx: ulx + 1200 * (column + 1),
  lry: uly - 1200 * (row + 1)
})

/** EPSG code of WGS 84 / UTM, northern hemisphere. */
export const epsgOf = ({ zone }: Scene): number => 32600 + zone

const wkt = (from: Scene): string =>
  `PROJCS["WGS 84 / UTM zone ${from.zone}N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",${6 * from.zone - 183}],PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1,AUTHORITY["EPSG","9001"]],AXIS["Easting",EAST],AXIS["Northing",NORTH],AUTHORITY["EPSG","${epsgOf(from)}"]]`

/** Content of `NAME_labels_metadata.json`. */
export const metadataOf = (site: Site, labels: ReadonlyArray<string>) => {
  const { satellite, sensed, tile } = site.scene
  const [date, time] = sensed.split("T")
  const parts = (text: string) => text.match(/\d{2}/g) ?? []
  const [year, month, day] = [date.slice(0, 4), ...parts(date.slice(4))]
  return {
    labels,
    coordinates: cornersOf(site),
    projection: wkt(site.scene),
    tile_source: `${satellite}_MSIL1C_${sensed}_N0205_R022_T${tile}_${sensed}.SAFE`,
    acquisition_date: `${year}-${month}-${day} ${parts(time).join(":")}`
  }
}
