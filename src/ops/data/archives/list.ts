/** The data sets. A new one is a folder beside this file, and a line here. */
import { aid } from "./aid/aid.ts"
import { arrays } from "./arrays/arrays.ts"
import { bigearthnet } from "./bigearthnet/bigearthnet.ts"
import { bigearthnetV2 } from "./bigearthnet-v2/bigearthnet-v2.ts"
import type { DataSet } from "./data-set.ts"
import { dfc15 } from "./dfc15/dfc15.ts"
import { dlrsd } from "./dlrsd/dlrsd.ts"
import { eurosat } from "./eurosat/eurosat.ts"
import { folder } from "./folder/folder.ts"
import { mlrsnet } from "./mlrsnet/mlrsnet.ts"
import { parquet } from "./parquet/parquet.ts"
import { ucm } from "./ucm/ucm.ts"
import { webdataset } from "./webdataset/webdataset.ts"
import { whdld } from "./whdld/whdld.ts"

/** All data sets, in the order in which operators list them. */
export const DATA_SETS = [
  bigearthnet,
  bigearthnetV2,
  ucm,
  aid,
  whdld,
  dlrsd,
  dfc15,
  mlrsnet,
  eurosat,
  arrays,
  folder,
  webdataset,
  parquet
] as const satisfies ReadonlyArray<DataSet>

/** Name of a data set. */
export type DataSetName = (typeof DATA_SETS)[number]["name"]

/** Names of all data sets. */
export const DATA_SET_NAMES: ReadonlyArray<DataSetName> = DATA_SETS.map(({ name }) => name)

const BY_NAME: ReadonlyMap<string, DataSet> = new Map(DATA_SETS.map((one) => [one.name, one]))

/**
 * The definition of a data set.
 *
 * @throws Error if there is no such data set: its name comes from a reference that no reader of ours has made
 */
export const dataSetOf = (name: string): DataSet => {
  const found = BY_NAME.get(name)
  if (found === undefined) throw new Error(`no data set is called ${name}`)
  return found
}
