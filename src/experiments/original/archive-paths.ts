/** Finds what a file in the original's form expects on disk: archive, lists of patches, store, ground truth. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { ORIGINAL_LISTS } from "../../ops/data/archives/shared/split-lists.ts"
import type { Split } from "../../ops/elements.ts"
import type { Faults } from "../../pipeline/yaml/faults.ts"
import type { Node } from "../../pipeline/yaml/tree.ts"
import { type Facts, faultAt } from "./facts.ts"
import { isFile, isFolder } from "./weights-paths.ts"

/** Whether a value is a path; the original's files hold the text "None" where there is none. */
export const isPath = (path: string | undefined): path is string => path !== undefined && path !== "None"

/** Returns `path_gt` if it is a ground truth of ours, which is a folder; the original's is a file, and is not read. */
export const truthAt = (path: string | undefined): string | undefined =>
  isPath(path) && isFile(join(path, "data.mdb")) ? path : undefined

/** Returns the split whose list is read. Under `compat: original`, BigEarthNet's validation and test lists change places. */
export const splitOf = ({ original, pictures }: Facts, split: Split): Split =>
  pictures || !original || split === "train" ? split : split === "val" ? "test" : "val"

/** Returns the folder of a split's list, relative to `root_dir`: `Splits` for BigEarthNet if the list is there. */
export const listsFolderOf = (facts: Facts, split: Split): string =>
  !facts.pictures && isFile(join(facts.file.root_dir, ORIGINAL_LISTS, `${splitOf(facts, split)}.csv`))
    ? ORIGINAL_LISTS
    : "."

/** Returns the file that lists the patches of a split. */
export const listOf = (facts: Facts, split: Split): string =>
  join(facts.file.root_dir, listsFolderOf(facts, split), `${splitOf(facts, split)}.csv`)

/** Whether a list names any patch; AID has no validation patches, so its list is empty. */
export const namesPatches = (list: string): boolean => isFile(list) && readFileSync(list, "utf8").trim() !== ""

/** Returns the folder of BigEarthNet's patches, relative to `root_dir`. */
const patchesIn = (folder: string): string | undefined =>
  ["BigEarthNet-v1.0", "."].find((name) => {
    const path = join(folder, name)
    return isFolder(path) && readdirSync(path).some((patch) => /^S2[A-D]_/.test(patch))
  })

const noList = (facts: Facts, split: Split): string => {
  const { dataset, file, pictures } = facts
  const name = `${splitOf(facts, split)}.csv`
  return pictures
    ? `${join(file.root_dir, name)} is missing: it lists the patches of ${split}, and \`mode: prepare\` writes it for ${dataset}`
    : `${join(file.root_dir, ORIGINAL_LISTS, name)} is missing: it lists the patches of ${split}, one name per line; put the list there or at ${join(file.root_dir, name)}`
}

/** Checks `root_dir` and what the mode reads there. Returns the folder of the archive, relative to it. */
export const archiveOf = (root: Node, facts: Facts, faults: Faults): string => {
  const { dataset, file, pictures } = facts
  const { mode, root_dir } = file
  const wrong = (problem: string) => faultAt(root, faults, "root_dir", problem)
  if (!isFolder(root_dir)) {
    wrong(`there is no folder ${root_dir}: looked for the archive ${dataset} there`)
    return "."
  }
  if (mode !== "prepare") {
    const split = mode === "train" ? "train" : "test"
    if (!isFile(listOf(facts, split))) wrong(noList(facts, split))
    if (!pictures && !isFolder(join(root_dir, "patches.lmdb"))) {
      wrong(`the store ${join(root_dir, "patches.lmdb")} is missing: \`mode: prepare\` writes it`)
    }
    return "."
  }
  const found = pictures ? "." : patchesIn(root_dir)
  if (found === undefined) {
    wrong(
      `${root_dir} holds no patches: looked for folders S2A_... in ${join(root_dir, "BigEarthNet-v1.0")} and in ${root_dir} itself`
    )
  }
  return found ?? "."
}
