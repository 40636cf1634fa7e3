/** Where `test` saves embeddings, and where re-ranking finds them. */
import { existsSync, readdirSync } from "node:fs"
import { basename, dirname, extname, join } from "node:path"
import { Schema } from "effect"
import { FileStem } from "../../ops/filename.ts"
import type { Faults } from "../../pipeline/yaml/faults.ts"
import type { Node } from "../../pipeline/yaml/tree.ts"
import { isPath } from "./archive-paths.ts"
import { type Facts, faultAt, foldersOf } from "./facts.ts"
import type { RerankingFile } from "./keys.ts"
import { isFile, isFolder } from "./weights-paths.ts"

/** A place for embeddings: a folder, and the name of their files without extension. */
export interface SavePlace {
  readonly folder: string
  readonly stem: string
}

/**
 * Returns where `test` saves embeddings: `save_path/NAME.npy`, as in the original; `save_path` itself if it ends in `.npy`;
 * `embeddings.npy` in the run folder if there is no `save_path`.
 */
export const savePlace = (root: Node, facts: Facts, faults: Faults): SavePlace => {
  const path = facts.file.test?.save_path
  if (!isPath(path)) return { folder: foldersOf(facts).outputs, stem: "embeddings" }
  if (extname(path) !== ".npy") return { folder: path, stem: facts.name }
  const stem = basename(path, ".npy")
  if (!Schema.is(FileStem)(stem))
    faultAt(root, faults, "test.save_path", `expected a file name before .npy, found "${stem}"`)
  return { folder: dirname(path), stem }
}

/** Chooses among the `.npy` files of a folder: the only one, the only one of the data set, or `embeddings.npy`. */
const chosen = (names: ReadonlyArray<string>, dataset: string | undefined): string | undefined => {
  if (names.length === 1) return names[0]
  const own = names.filter((name) => name.startsWith(`${dataset}_`))
  if (own.length > 0) return own.length === 1 ? own[0] : undefined
  return names.find((name) => name === "embeddings.npy")
}

const listed = (names: ReadonlyArray<string>): string =>
  names.length === 0
    ? "no .npy file"
    : `${names.length} .npy files (${names.slice(0, 3).join(", ")}${names.length > 3 ? ", ..." : ""})`

/**
 * Finds the embeddings that `path_to_desc` names, a `.npy` file, with or without its extension, or a folder that holds
 * one; and the table of names and labels beside them.
 */
export const descriptorsOf = (root: Node, { dataset, path_to_desc: path }: RerankingFile, faults: Faults) => {
  const wrong = (problem: string) => {
    faultAt(root, faults, "path_to_desc", problem)
    return undefined
  }
  const file = isFile(`${path}.npy`) ? `${path}.npy` : path
  if (!existsSync(file)) {
    return wrong(
      `there is no ${path}: looked for a .npy file, or a folder with one; \`mode: test\` with \`save: True\` writes it`
    )
  }
  const npys = isFolder(file) ? readdirSync(file).filter((name) => extname(name) === ".npy") : [basename(file)]
  const folder = isFolder(file) ? file : dirname(file)
  const name = chosen(npys, dataset)
  if (name === undefined) return wrong(`${path} holds ${listed(npys)}: give the path of one .npy file`)
  const table = join(folder, `${basename(name, ".npy")}.csv`)
  if (!isFile(table)) {
    return wrong(`${table} is missing: it holds names and labels, and \`test\` writes it beside the embeddings`)
  }
  return { from: join(folder, name), labels: table }
}
