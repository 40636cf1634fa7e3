/** What a file in the original's form says, with what follows from it: data set, classes, names of folders. */
import { join } from "node:path"
import { atStride32 } from "../../ops/model/backbones.ts"
import type { Faults } from "../../pipeline/yaml/faults.ts"
import { locate, type Node } from "../../pipeline/yaml/tree.ts"
import type { Dataset, ExperimentFile } from "./keys.ts"
import { writtenAt } from "./read.ts"

/** What follows from a file. */
export interface Facts {
  readonly file: ExperimentFile
  readonly dataset: Dataset
  /** Name of the archive's kind among our operators. */
  readonly kind: "bigearthnet" | "ucm" | "aid" | "whdld"
  /** Whether the archive holds pictures, not bands. */
  readonly pictures: boolean
  /** Whether the original's quirks are wanted. */
  readonly original: boolean
  /** dataset_learningrate_backbone_pooling_module_experiment */
  readonly name: string
}

/** The original's folders of an experiment, under `root_dir`. */
export const foldersOf = ({ file, name }: Facts) => ({
  checkpoints: join(file.root_dir, "experiments", "checkpoints", name),
  summary: join(file.root_dir, "experiments", "summary", name),
  outputs: join(file.root_dir, "experiments", "outputs", name)
})

const KINDS = { BigEarthNet: "bigearthnet", UCM: "ucm", AID: "aid", WHDLD: "whdld" } as const
const CLASSES = { new_classes: 19, old_classes: 43, UCM: 17, AID: 17, WHDLD: 6 } as const

type Section = "train" | "test"

/** Keys that a mode cannot do without, beside those that every file has. */
const NEEDED: Readonly<Record<ExperimentFile["mode"], ReadonlyArray<string>>> = {
  prepare: [],
  train: ["train.dataset", "train.learning_rate", "train.epochs", "train.batch_size"],
  test: ["test.dataset", "test.ckpt_directory"],
  visualize: ["test.dataset", "test.ckpt_directory"]
}

/** Says what is wrong with a value that is there, or where it ought to stand. */
export const faultAt = (root: Node, faults: Faults, key: string, problem: string): void => {
  faults.all.push({ at: locate(root, key.split("."), false), path: key, problem })
}

const valueAt = (file: object, key: string): unknown =>
  key.split(".").reduce((at: unknown, part) => (at as Record<string, unknown> | undefined)?.[part], file)

const checkNeeded = (root: Node, file: ExperimentFile, faults: Faults): void => {
  for (const key of NEEDED[file.mode]) {
    if (valueAt(file, key) === undefined) faultAt(root, faults, key, `is missing: \`mode: ${file.mode}\` needs it`)
  }
  if (file.mode === "train" && file.train?.id_loss === undefined && file.train?.metric_loss === undefined) {
    faultAt(root, faults, "train.metric_loss", "is missing, as is `train.id_loss`: training needs one of them")
  }
}

const checkClasses = (root: Node, file: ExperimentFile, section: Section, dataset: Dataset, faults: Faults): void => {
  const own = dataset === "BigEarthNet" ? (["new_classes", "old_classes"] as const) : ([dataset] as const)
  const named = file[section]?.nomenclature
  const nomenclature = own.find((name) => name === named) ?? own[0]
  if (named !== undefined && nomenclature !== named) {
    faultAt(root, faults, `${section}.nomenclature`, `expected ${own.join(" or ")} for ${dataset}, found "${named}"`)
    return
  }
  const { num_classes } = file.model
  if (num_classes !== CLASSES[nomenclature]) {
    const expected = `expected ${CLASSES[nomenclature]}, the classes of ${dataset === "BigEarthNet" ? nomenclature : dataset}`
    faultAt(root, faults, "model.num_classes", `${expected}, found ${num_classes}`)
  }
}

/** What our steps would refuse, said at the keys of the file. */
const checkNetwork = (root: Node, { augment_config, compat, model }: ExperimentFile, faults: Faults): void => {
  const { backbone, output_stride = 32 } = model
  if (output_stride !== 32 && compat !== "original" && atStride32(backbone)) {
    const why = `expected 32 for ${backbone}, found ${output_stride}`
    faultAt(root, faults, "model.output_stride", `${why}; the original ignores it there, as \`compat: original\` does`)
  }
  const { sh = 0.4, sl = 0.02 } = augment_config?.random_erasing ?? {}
  if (sl > sh) {
    faultAt(root, faults, "augment_config.random_erasing.sl", `expected at most \`sh\`, which is ${sh}, found ${sl}`)
  }
}

/** The facts of a file whose values are right by themselves; `undefined` where they do not go together. */
export const factsOf = (root: Node, file: ExperimentFile, faults: Faults): Facts | undefined => {
  const before = faults.all.length
  const section: Section = file.mode === "train" ? "train" : "test"
  const dataset = file[section]?.dataset ?? file.train?.dataset ?? file.test?.dataset
  checkNeeded(root, file, faults)
  if (dataset === undefined) {
    faultAt(root, faults, `${section}.dataset`, "is missing: it says how the archive is to be read")
    return undefined
  }
  checkClasses(root, file, section, dataset, faults)
  checkNetwork(root, file, faults)
  const pictures = dataset !== "BigEarthNet"
  if (pictures && file.model.channels !== 3) {
    faultAt(root, faults, "model.channels", `expected 3, the colours of ${dataset}, found ${file.model.channels}`)
  }
  if (faults.all.length > before) return undefined
  const rate = writtenAt(root, "train", "learning_rate") ?? "none"
  const { backbone, module = "none", pooling } = file.model
  const name = [dataset, rate, backbone, pooling, module, file.experiment].join("_")
  if (/[/\\]/.test(name)) {
    faultAt(root, faults, "experiment", `expected text without slashes, since folders are named \`${name}\``)
    return undefined
  }
  return { file, dataset, kind: KINDS[dataset], pictures, original: file.compat === "original", name }
}
