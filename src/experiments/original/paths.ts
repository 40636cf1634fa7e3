/** What must be on disk before a file in the original's form runs; what is not is named with what was looked for. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { basename, dirname, extname, join } from "node:path"
import type { Split } from "../../ops/elements.ts"
import type { Faults } from "../../pipeline/yaml/faults.ts"
import type { Node } from "../../pipeline/yaml/tree.ts"
import { type Facts, faultAt, foldersOf } from "./facts.ts"
import type { RerankingFile } from "./keys.ts"
import { splitOf } from "./pictures.ts"

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory()
const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile()

/** The text that the original's files hold where there is no path. */
export const isPath = (path: string | undefined): path is string => path !== undefined && path !== "None"

const WEIGHTS = [".safetensors", ".pth", ".pt"]

/** The checkpoint of the latest epoch in a folder: `epoch_N`, ours or the original's. */
const newestIn = (folder: string): string | undefined => {
  const epochs = readdirSync(folder).flatMap((name) => {
    const [, epoch] = /^epoch_(\d+)\.(safetensors|pth|pt)$/.exec(name) ?? []
    return epoch === undefined ? [] : [{ name, epoch: Number(epoch) }]
  })
  const newest = epochs.sort((a, b) => a.epoch - b.epoch || (a.name < b.name ? -1 : 1)).at(-1)
  return newest === undefined ? undefined : join(folder, newest.name)
}

/** The weights that `test.ckpt_directory` names: a file, or the newest checkpoint of a folder. */
export const checkpointOf = (root: Node, { file }: Facts, faults: Faults): string | undefined => {
  const key = "test.ckpt_directory"
  const path = file.test?.ckpt_directory ?? ""
  if (isFile(path)) {
    if (WEIGHTS.includes(extname(path))) return path
    faultAt(root, faults, key, `${path} is no file of weights: expected one of ${WEIGHTS.join(", ")}`)
    return undefined
  }
  if (!isFolder(path)) {
    faultAt(
      root,
      faults,
      key,
      `there is no folder ${path}: looked for checkpoints there, epoch_N.safetensors or epoch_N.pth`
    )
    return undefined
  }
  const newest = newestIn(path)
  if (newest === undefined) {
    faultAt(root, faults, key, `${path} holds no checkpoint: looked for epoch_N.safetensors and epoch_N.pth`)
  }
  return newest
}

/** The weights that training starts from: a file, or the backbone's among a folder of weights. */
export const pretrainedOf = (root: Node, { file }: Facts, faults: Faults): string | undefined => {
  const { backbone, pretrained } = file.model
  const key = "model.pretrained"
  if (pretrained === undefined || pretrained === false || file.mode !== "train") return undefined
  if (typeof pretrained === "string") {
    if (isFile(pretrained)) return pretrained
    faultAt(root, faults, key, `there is no file ${pretrained}: looked for weights there`)
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
    `there are no weights of ${backbone}: looked for ${looked} (.pth likewise); put them there, give the path of a file, or False to start from drawn weights`
  )
  return undefined
}

/** Whether a list names any patch; AID's archive has none for validation, so that its list is empty. */
export const namesPatches = (list: string): boolean => isFile(list) && readFileSync(list, "utf8").trim() !== ""

/** `path_gt` where it is a ground truth of ours, which is a folder; the original's is a file, and not read. */
export const truthAt = (path: string | undefined): string | undefined =>
  isPath(path) && isFile(join(path, "data.mdb")) ? path : undefined

/** The folder of BigEarthNet's patches, relative to `root_dir`. */
const archiveIn = (folder: string): string | undefined =>
  ["BigEarthNet-v1.0", "."].find((name) => {
    const path = join(folder, name)
    return isFolder(path) && readdirSync(path).some((patch) => /^S2[A-D]_/.test(patch))
  })

/** The list that patches of a split are read from. */
export const listOf = (facts: Facts, split: Split): string => `${splitOf(facts, split)}.csv`

/** Checks `root_dir`; gives the folder of the archive, relative to it. */
export const archiveOf = (root: Node, facts: Facts, faults: Faults): string => {
  const { dataset, file, pictures } = facts
  const { mode, root_dir } = file
  const wrong = (problem: string) => faultAt(root, faults, "root_dir", problem)
  if (!isFolder(root_dir)) {
    wrong(`there is no folder ${root_dir}: looked for the archive ${dataset} there`)
    return "."
  }
  if (mode !== "prepare") {
    const list = listOf(facts, mode === "train" ? "train" : "test")
    if (!isFile(join(root_dir, list))) {
      wrong(
        `${join(root_dir, list)} is missing: it names the patches; \`mode: prepare\` makes it for UCM, AID and WHDLD`
      )
    }
    if (!pictures && !isFolder(join(root_dir, "patches.lmdb"))) {
      wrong(`${join(root_dir, "patches.lmdb")} is missing: looked for the store there; \`mode: prepare\` makes it`)
    }
    return "."
  }
  const found = pictures ? "." : archiveIn(root_dir)
  if (found === undefined) {
    wrong(
      `${root_dir} holds no patches: looked for folders S2A_... in ${join(root_dir, "BigEarthNet-v1.0")} and in itself`
    )
  }
  return found ?? "."
}

/** A place for embeddings: its folder, and the stem of their two files. */
export interface SavePlace {
  readonly folder: string
  readonly stem: string
}

/** Where `test` leaves embeddings: `save_path`, a folder or a `.npy`, or the run folder. */
export const savePlace = (root: Node, facts: Facts, faults: Faults): SavePlace => {
  const path = facts.file.test?.save_path
  if (!isPath(path)) return { folder: foldersOf(facts).outputs, stem: "embeddings" }
  if (extname(path) !== ".npy") return { folder: path, stem: "embeddings" }
  const stem = basename(path, ".npy")
  if (!/^[\w-]{1,100}$/.test(stem)) {
    faultAt(
      root,
      faults,
      "test.save_path",
      `expected a file name of letters, digits, - and _ before .npy, found "${stem}"`
    )
  }
  return { folder: dirname(path), stem }
}

/** Saved embeddings: the `.npy` itself or the one in a folder, and the table beside it. */
export const descriptorsOf = (root: Node, { path_to_desc: path }: RerankingFile, faults: Faults) => {
  const wrong = (problem: string) => {
    faultAt(root, faults, "path_to_desc", problem)
    return undefined
  }
  if (!existsSync(path)) return wrong(`there is no ${path}: looked for a folder with embeddings.npy, or a .npy file`)
  const npys = isFolder(path) ? readdirSync(path).filter((name) => extname(name) === ".npy") : [basename(path)]
  const folder = isFolder(path) ? path : dirname(path)
  const name = npys.includes("embeddings.npy") ? "embeddings.npy" : npys.length === 1 ? npys[0] : undefined
  if (name === undefined) {
    return wrong(`${path} holds ${npys.length} .npy files: looked for embeddings.npy, or a single one`)
  }
  const table = join(folder, `${basename(name, ".npy")}.csv`)
  if (!isFile(table)) return wrong(`${table} is missing: looked for names and labels there, as \`test\` writes them`)
  return { from: join(folder, name), labels: table }
}
