/** Finds the weights that a file in the original's form names: checkpoints to test, pretrained weights to start from. */
import { existsSync, readdirSync, statSync } from "node:fs"
import { extname, join } from "node:path"
import type { Faults } from "../../pipeline/yaml/faults.ts"
import type { Node } from "../../pipeline/yaml/tree.ts"
import { type Facts, faultAt, foldersOf } from "./facts.ts"

/** Whether a path is a folder. */
export const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory()

/** Whether a path is a file. */
export const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile()

const WEIGHTS = [".safetensors", ".pth", ".pt"]

/** The names of checkpoints, ours and the original's, for messages. */
const EPOCHS = "epoch_N.safetensors or epoch_N.pth"

/** The checkpoint of the latest epoch in a folder; `undefined` if the folder is missing or holds none. */
const newestIn = (folder: string): string | undefined => {
  if (!isFolder(folder)) return undefined
  const epochs = readdirSync(folder).flatMap((name) => {
    const [, epoch] = /^epoch_(\d+)\.(safetensors|pth|pt)$/.exec(name) ?? []
    return epoch === undefined ? [] : [{ name, epoch: Number(epoch) }]
  })
  const newest = epochs.sort((a, b) => a.epoch - b.epoch || (a.name < b.name ? -1 : 1)).at(-1)
  return newest === undefined ? undefined : join(folder, newest.name)
}

/** Says where checkpoints were looked for, and where training has left some that the file does not name. */
const noCheckpoint = (path: string, facts: Facts): string => {
  const named = join(path, facts.name)
  const trained = foldersOf(facts).checkpoints
  const hint = newestIn(trained) === undefined ? "" : `; training has left checkpoints in ${trained}`
  return isFolder(path)
    ? `neither ${named} nor ${path} holds a checkpoint: looked for ${EPOCHS}${hint}`
    : `there is no folder ${path}: looked for checkpoints in ${named} and in ${path}, ${EPOCHS}${hint}`
}

/**
 * Returns the weights that `test.ckpt_directory` names: the file itself, or the newest checkpoint of a folder. The
 * original joins the folder and the experiment's name, so `ckpt_directory/NAME` is searched first, then the folder itself.
 */
export const checkpointOf = (root: Node, facts: Facts, faults: Faults): string | undefined => {
  const key = "test.ckpt_directory"
  const path = facts.file.test?.ckpt_directory ?? ""
  if (isFile(path)) {
    if (WEIGHTS.includes(extname(path))) return path
    faultAt(root, faults, key, `${path} is not a file of weights: expected one of ${WEIGHTS.join(", ")}`)
    return undefined
  }
  const newest = newestIn(join(path, facts.name)) ?? newestIn(path)
  if (newest === undefined) faultAt(root, faults, key, noCheckpoint(path, facts))
  return newest
}

/** Returns the weights that training starts from: the file that is named, or the backbone's in a folder of weights. */
export const pretrainedOf = (root: Node, { file }: Facts, faults: Faults): string | undefined => {
  const { backbone, pretrained } = file.model
  const key = "model.pretrained"
  if (pretrained === undefined || pretrained === false || file.mode !== "train") return undefined
  if (typeof pretrained === "string") {
    if (isFile(pretrained)) return pretrained
    faultAt(root, faults, key, `there is no file ${pretrained}`)
    return undefined
  }
  const folders = [join(file.root_dir, "weights"), "weights"]
  for (const folder of folders.filter(isFolder)) {
    const name = readdirSync(folder)
      .sort()
      .find(
        (one) => WEIGHTS.includes(extname(one)) && (one.startsWith(`${backbone}.`) || one.startsWith(`${backbone}-`))
      )
    if (name !== undefined) return join(folder, name)
  }
  const looked = folders.map((folder) => join(folder, `${backbone}.safetensors`)).join(" and ")
  faultAt(
    root,
    faults,
    key,
    `there are no weights of ${backbone}: looked for ${looked} (or .pth); put the file there, give its path, or set False to start from random weights`
  )
  return undefined
}
