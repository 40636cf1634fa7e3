/**
 * Files in the original's form as files of ours. What is wrong with one is said at its own keys and lines, before anything
 * is translated; the translation itself is a file of ours like any other, which `--check` prints.
 */
import { basename, extname, join } from "node:path"
import { Result } from "effect"
import { ConfigError, inOrder } from "../../pipeline/fault.ts"
import { applySettings } from "../../pipeline/yaml/edit.ts"
import { Faults } from "../../pipeline/yaml/faults.ts"
import { fileText as textOf } from "../../pipeline/yaml/text.ts"
import { type Node, parseYaml } from "../../pipeline/yaml/tree.ts"
import { type Facts, factsOf, foldersOf } from "./facts.ts"
import { ExperimentFile, RerankingFile } from "./keys.ts"
import { prepareMode, testMode, trainMode, visualizeMode } from "./modes.ts"
import { notesOf } from "./notes.ts"
import {
  archiveOf,
  checkpointOf,
  descriptorsOf,
  listOf,
  namesPatches,
  pretrainedOf,
  savePlace,
  truthAt
} from "./paths.ts"
import { type Form, formOf, readExperiment, readReranking } from "./read.ts"
import { rerankMode } from "./reranking.ts"
import { fileText, type Written } from "./steps.ts"

export interface Translation {
  /** The file of ours. */
  readonly text: string
  /** What is worth saying when it runs. */
  readonly notes: ReadonlyArray<string>
  /** The run folder. */
  readonly folder: string
  /** Folders elsewhere that stand in the run folder under these names. */
  readonly links: Readonly<Record<string, string>>
}

/** The run folders of the modes: training keeps its curves in `summary`, test its embeddings and figures in `outputs`. */
const placeOf = (facts: Facts): Pick<Translation, "folder" | "links"> => {
  const { checkpoints, outputs, summary } = foldersOf(facts)
  switch (facts.file.mode) {
    case "prepare":
      return { folder: join(facts.file.root_dir, "experiments", "prepare"), links: {} }
    case "train":
      return { folder: summary, links: { checkpoints } }
    case "test":
      return { folder: outputs, links: {} }
    case "visualize":
      return { folder: `${outputs}_visualize`, links: {} }
  }
}

const pipelinesOf = (root: Node, facts: Facts, faults: Faults): Written["pipelines"] | undefined => {
  const archive = archiveOf(root, facts, faults)
  const { mode, root_dir } = facts.file
  if (mode === "prepare") return prepareMode(facts, archive)
  if (mode === "train") {
    return trainMode(facts, pretrainedOf(root, facts, faults), namesPatches(join(root_dir, listOf(facts, "val"))))
  }
  const weights = checkpointOf(root, facts, faults)
  if (weights === undefined) return undefined
  const tested = { weights, truth: truthAt(facts.file.test?.retrieval?.path_gt) }
  return mode === "test" ? testMode(facts, tested, savePlace(root, facts, faults)) : visualizeMode(facts, tested)
}

const experiment = (root: Node, faults: Faults): Translation | undefined => {
  const file = readExperiment(root, faults)
  const facts = file === undefined ? undefined : factsOf(root, file, faults)
  if (facts === undefined) return undefined
  const pipelines = pipelinesOf(root, facts, faults)
  if (pipelines === undefined) return undefined
  const { compat, device, root_dir, seed } = facts.file
  const notes = notesOf(facts)
  const settings = { seed, device, root_dir, experiment: facts.name, compat }
  return { text: fileText({ settings, pipelines, notes }), notes, ...placeOf(facts) }
}

const reranking = (root: Node, name: string, faults: Faults): Translation | undefined => {
  const file = readReranking(root, faults)
  const found = file === undefined ? undefined : descriptorsOf(root, file, faults)
  if (file === undefined || found === undefined) return undefined
  const { notes, pipelines, settings } = rerankMode(file, found)
  const experiment = file.experiment ?? name
  const text = fileText({ settings: { ...settings, experiment }, pipelines, notes })
  return { text, notes, folder: join("outputs", experiment), links: {} }
}

const topKeys = (form: Form): ReadonlyArray<string> =>
  Object.keys((form === "experiment" ? ExperimentFile : RerankingFile).fields)

/**
 * @param text a configuration in whatever form
 * @param file its name, for messages
 * @param set `path=value` edits, in the keys of the file's form
 * @returns `undefined` where the file is one of ours, or a `ConfigError` with every fault
 */
export const translate = (
  text: string,
  file: string,
  set: ReadonlyArray<string>
): Result.Result<Translation | undefined, ConfigError> => {
  const { faults: broken, root } = parseYaml(textOf(file, text))
  // A file that cannot be parsed is refused by the loader of ours, in its own words.
  const form = root === undefined || broken.length > 0 ? undefined : formOf(root)
  if (root === undefined || form === undefined) return Result.succeed(undefined)
  const faults = new Faults()
  faults.all.push(...applySettings(root, set, topKeys(form)))
  const name = basename(file, extname(file))
  const translation = form === "experiment" ? experiment(root, faults) : reranking(root, name, faults)
  if (faults.all.length > 0) return Result.fail(new ConfigError({ faults: inOrder(faults.all) }))
  return Result.succeed(translation)
}
