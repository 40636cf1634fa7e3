/**
 * Translates files in the original's form into files of ours. Faults are reported at the keys and lines of the original's
 * file. The translation is a file of ours like any other; `--check` prints it.
 */
import { basename, extname, join } from "node:path"
import { Result } from "effect"
import { ConfigError, inOrder } from "../../pipeline/fault.ts"
import { applySettings } from "../../pipeline/yaml/edit.ts"
import { Faults } from "../../pipeline/yaml/faults.ts"
import { parseFile } from "../../pipeline/yaml/include.ts"
import type { Node } from "../../pipeline/yaml/tree.ts"
import { archiveOf, listOf, namesPatches, truthAt } from "./archive-paths.ts"
import { descriptorsOf, savePlace } from "./embeddings-paths.ts"
import { type Facts, factsOf, foldersOf } from "./facts.ts"
import { ExperimentFile, RerankingFile } from "./keys.ts"
import { prepareMode, testMode, trainMode, visualizeMode } from "./modes.ts"
import { notesOf } from "./notes.ts"
import { type Form, formOf, readExperiment, readReranking } from "./read.ts"
import { rerankMode } from "./reranking.ts"
import { fileText, type Written } from "./steps.ts"
import { checkpointOf, pretrainedOf } from "./weights-paths.ts"

/** A file of ours, made from one of the original. */
export interface Translation {
  /** The file as YAML. */
  readonly text: string
  /** Lines that are printed when the run starts. */
  readonly notes: ReadonlyArray<string>
  /** The run folder. */
  readonly folder: string
  /** Links that the run folder holds: names, and the folders elsewhere that they lead to. */
  readonly links: Readonly<Record<string, string>>
}

/** Returns the run folder of a mode: `summary` for training, with its curves; `outputs` for test, with its figures. */
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
  const { mode } = facts.file
  if (mode === "prepare") return prepareMode(facts, archive)
  if (mode === "train") {
    return trainMode(facts, pretrainedOf(root, facts, faults), namesPatches(listOf(facts, "val")))
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
 * Translates a configuration if it is in the original's form.
 *
 * @param text a configuration, in the original's form or ours
 * @param file its name, for messages
 * @param set `path=value` edits, in the keys of the file's form
 * @param parsed the text as `parseFile` reads it; edits change it
 * @returns the translation, `undefined` if the file is one of ours, or a `ConfigError` with every fault
 */
export const translate = (
  text: string,
  file: string,
  set: ReadonlyArray<string>,
  parsed = parseFile(text, file)
): Result.Result<Translation | undefined, ConfigError> => {
  const { faults: broken, root } = parsed
  // The loader of our files reports a file that cannot be parsed.
  const form = root === undefined || broken.length > 0 ? undefined : formOf(root)
  if (root === undefined || form === undefined) return Result.succeed(undefined)
  const faults = new Faults()
  faults.all.push(...applySettings(root, set, topKeys(form)))
  const name = basename(file, extname(file))
  const translation = form === "experiment" ? experiment(root, faults) : reranking(root, name, faults)
  if (faults.all.length > 0) return Result.fail(new ConfigError({ faults: inOrder(faults.all) }))
  return Result.succeed(translation)
}
