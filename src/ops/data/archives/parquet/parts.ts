/** The files of an archive in Parquet: one file, or a folder of parts. */
import { statSync } from "node:fs"
import { join } from "node:path"
import { firstNames } from "../shared/glance.ts"
import { IMAGE } from "../shared/image-files.ts"

/** Ending of the files. */
export const PART = /\.parquet$/i

const isPart = (path: string): boolean =>
  PART.test(path) && statSync(path, { throwIfNoEntry: false })?.isFile() === true

/** Whether a folder holds parts, and no images of its own. `metadata.parquet` is the table of BigEarthNet v2. */
const holdsParts = (folder: string): boolean => {
  const files = firstNames(folder, "file")
  return files.some((name) => PART.test(name) && name !== "metadata.parquet") && !files.some((name) => IMAGE.test(name))
}

/** Whether a path looks like an archive in Parquet: a file, a folder of parts, or a folder whose parts lie in `data`. */
export const looksLikeParts = (path: string): boolean =>
  isPart(path) || holdsParts(path) || holdsParts(join(path, "data"))
