/** Reads a file in the original's form: its values as PyYAML reads them, or everything that is wrong with it. */
import { Result } from "effect"
import { check, type Misfit } from "../../pipeline/check.ts"
import type { Plain } from "../../pipeline/param.ts"
import type { Faults } from "../../pipeline/yaml/faults.ts"
import { find, type Node } from "../../pipeline/yaml/tree.ts"
import { ExperimentFile, RerankingFile } from "./keys.ts"
import { pyValue } from "./pyyaml.ts"

/** What decides that a file is in the original's form. */
export type Form = "experiment" | "reranking"

/** The form of a file; `undefined` where it is one of ours. A file with `pipelines` is ours whatever else it holds. */
export const formOf = (root: Node): Form | undefined => {
  const has = (key: string) => find(root, [key]) !== undefined
  if (has("pipelines")) return undefined
  const mode = find(root, ["mode"])
  if (has("rerank_scheme") || (mode !== undefined && pyValue(mode.node) === "rerank")) return "reranking"
  return mode === undefined ? undefined : "experiment"
}

/** Text as it was written, where folders are named after it: `1e-4`, or an experiment called `1`. */
export const writtenAt = (root: Node, ...path: ReadonlyArray<string>): string | undefined => {
  const content = find(root, path)?.node.content
  return content?.kind === "scalar" && content.written !== "" ? content.written : undefined
}

/** What the original's own files ask for, and its code does not know. */
const ABSENT_LOSS =
  "`proxy_ap` is named in the original's files, but neither its code nor this one has it; there is `contrastive_avg`, `triplet_avg`, `triplet_hard`, `oml`, `smoothap`, or no value for none"

const betterWords = (misfit: Misfit, value: unknown): Misfit => {
  const found = misfit.path.reduce((at: unknown, key) => (at as Record<string, unknown> | undefined)?.[key], value)
  const key = misfit.path.join(".")
  if (key === "train.metric_loss" && found === "proxy_ap") return { ...misfit, problem: ABSENT_LOSS }
  if (/^train\.(metric|id)_loss$/.test(key) && (found === "none" || found === "None")) {
    return { ...misfit, problem: `expected a loss, or no value for none, found "${found}"` }
  }
  return misfit
}

/** `mode: rerank` in a file that is no re-ranking file, whose keys would all be unknown. */
const NO_RERANKING =
  "re-ranks saved embeddings, so its file has `path_to_desc` and `rerank_scheme`, and no network; see docs/reranking.md"

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

export const readExperiment = (root: Node, faults: Faults) => readAs<ExperimentFile>(ExperimentFile, root, faults)

export const readReranking = (root: Node, faults: Faults): RerankingFile | undefined => {
  const mode = find(root, ["mode"])
  if (mode !== undefined && find(root, ["rerank_scheme"]) === undefined && find(root, ["model"]) !== undefined) {
    faults.at(mode.node, ["mode"], NO_RERANKING)
    return undefined
  }
  return readAs<RerankingFile>(RerankingFile, root, faults)
}
