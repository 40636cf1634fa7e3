/** The partial files that killed processes left in a run folder. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { sweepPartials } from "../../ops/formats/files.ts"
import { PARTS } from "../ranges/part-files.ts"
import { LOCK } from "./lock-file.ts"
import { recordPath } from "./record.ts"

const isRunFolder = (folder: string): boolean => existsSync(join(folder, LOCK)) || existsSync(recordPath(folder))

/**
 * Removes the partial files of killed processes from a run folder. Workers of a killed run may still write its parts, so a partial
 * file among the parts is removed only after an hour without a write. The folders of other runs below it are left alone.
 *
 * @param folder the run folder; the caller holds its lock
 */
export const sweepRunFolder = (folder: string): void => {
  const parts = join(folder, PARTS)
  sweepPartials(folder, { alone: true, except: (below) => below === parts || isRunFolder(below) })
  sweepPartials(parts)
}
