/** Reads a file in the original's form: returns its values as PyYAML reads them, or reports everything that is wrong. */
import { Result } from "effect"
import { check, type Misfit } from "../../pipeline/check.ts"
import type { Plain } from "../../pipeline/param.ts"
import type { Faults } from "../../pipeline/yaml/faults.ts"
import { find, type Node } from "../../pipeline/yaml/tree.ts"
import { ExperimentFile, RerankingFile } from "./keys.ts"
import { pyValue } from "./pyyaml.ts"

/** The two forms of the original's files: with `mode`, or with `rerank_scheme`. */
export type Form = "experiment" | "reranking"

/** Returns the form of a file; `undefined` if it is one of ours. A file with `pipelines` is always ours. */
export const formOf = (root: Node): Form | undefined => {
  const has = (key: string) => find(root, [key]) !== undefined
  if (has("pipelines")) return undefined
  const mode = find(root, ["mode"])
  if (has("rerank_scheme") || (mode !== undefined && pyValue(mode.node) === "rerank")) return "reranking"
  return mode === undefined ? undefined : "experiment"
}

/** Returns a value's text exactly as written, for folder names: `1e-4`, or an experiment called `1`. */
export const writtenAt = (root: Node, ...path: ReadonlyArray<string>): string | undefined => {
  const content = find(root, path)?.node.content
  return content?.kind === "scalar" && content.written !== "" ? content.written : undefined
}

const betterWords = (misfit: Misfit, value: unknown): Misfit => {
  const found = misfit.path.reduce((at: unknown, key) => (at as Record<string, unknown> | undefined)?.[key], value)
  const key = misfit.path.join(".")
  if (/^train\.(metric|id)_loss$/.test(key) && (found === "none" || found === "None")) {
    return { ...misfit, problem: `expected a loss, or no value for none, found "${found}"` }
  }
  return misfit
}

/** The problem of `mode: rerank` in a file with a network; without this, each of its keys would be reported as unknown. */
const NO_RERANKING =
  "`rerank` works on saved embeddings, so its file needs `path_to_desc` and `rerank_scheme` and has no `model`; see docs/reranking.md"

const readAs = <A>(schema: Plain<A>, root: Node, faults: Faults): A | undefined => {
  const value = pyValue(root)
  const experiment = writtenAt(root, "experiment")
  const kept = experiment === undefined ? value : { ...(value as object), experiment }
  const result = check(schema, kept)
  if (Result.isSuccess(result)) return result.success
  faults.misfits(
    root,
    [],
    result.failure.map((misfit) => betterWords(misfit, kept))
  )
  return undefined
}

/** Reads a file with `mode`. */
export const readExperiment = (root: Node, faults: Faults) => readAs<ExperimentFile>(ExperimentFile, root, faults)

/** Reads a file with `rerank_scheme`. */
export const readReranking = (root: Node, faults: Faults): RerankingFile | undefined => {
  const mode = find(root, ["mode"])
  if (mode !== undefined && find(root, ["rerank_scheme"]) === undefined && find(root, ["model"]) !== undefined) {
    faults.at(mode.node, ["mode"], NO_RERANKING)
    return undefined
  }
  return readAs<RerankingFile>(RerankingFile, root, faults)
}
