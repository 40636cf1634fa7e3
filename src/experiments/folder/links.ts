/** Links from the run folder to folders elsewhere: the original keeps checkpoints beside its other outputs. */
import { lstatSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import { makeFolder } from "./folder.ts"

/** Checkpoints as `checkpoint` names them. */
const OURS = /^epoch_\d+\.safetensors$/

/**
 * Links names in the run folder to folders elsewhere.
 *
 * @param links from a name in the run folder to a folder elsewhere, which is created
 * @param fresh removes checkpoints of ours there, and nothing else
 * @throws RunError if a folder cannot be made
 */
export const linkFolders = (folder: string, links: Readonly<Record<string, string>>, fresh: boolean): void => {
  for (const [name, target] of Object.entries(links)) {
    makeFolder(target)
    if (fresh) for (const file of readdirSync(target).filter((one) => OURS.test(one))) rmSync(join(target, file))
    const link = join(folder, name)
    const found = lstatSync(link, { throwIfNoEntry: false })
    if (found?.isSymbolicLink() && resolve(folder, readlinkSync(link)) !== resolve(target)) rmSync(link)
    else if (found !== undefined) continue
    // Relative, so that a project may be moved; on Windows, links to folders need absolute paths.
    symlinkSync(process.platform === "win32" ? resolve(target) : relative(folder, resolve(target)), link, "junction")
  }
}
