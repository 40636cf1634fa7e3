/** What follows from a file in the original's form: its data set, and the name of its experiment and folders. */
import { join } from "node:path"
import { backbones } from "../../ops/model/backbones.ts"
import { metricLosses } from "../../ops/train/losses.ts"
import type { Faults } from "../../pipeline/yaml/faults.ts"
import { locate, type Node } from "../../pipeline/yaml/tree.ts"
import { type Dataset, type ExperimentFile, PROXY_AP } from "./keys.ts"
import { writtenAt } from "./read.ts"

/** A file in the original's form, with what follows from it. */
export interface Facts {
  readonly file: ExperimentFile
  readonly dataset: Dataset
  /** The archive's kind, as the operator `archive` names it. */
  readonly kind: "bigearthnet" | "ucm" | "aid" | "whdld"
  /** Whether the archive holds RGB images rather than bands. */
  readonly pictures: boolean
  /** Whether `compat: original` is set. */
  readonly original: boolean
  /** NAME: `dataset_learningrate_backbone_pooling_module_experiment`. */
  readonly name: string
}

/** Returns the original's folders of an experiment, under `root_dir/experiments`. */
export const foldersOf = ({ file, name }: Facts) => ({
  checkpoints: join(file.root_dir, "experiments", "checkpoints", name),
  summary: join(file.root_dir, "experiments", "summary", name),
  outputs: join(file.root_dir, "experiments", "outputs", name)
})

const KINDS = { BigEarthNet: "bigearthnet", UCM: "ucm", AID: "aid", WHDLD: "whdld" } as const
const CLASSES = { new_classes: 19, old_classes: 43, UCM: 17, AID: 17, WHDLD: 6 } as const

const LOSSES = metricLosses.map(({ name }) => `\`${name}\``).join(", ")
const ABSENT_LOSS = `\`proxy_ap\` is named in the original's files, but neither its code nor orbitrank has this loss; choose one of ${LOSSES}, or give no value for none`

type Section = "train" | "test"

/** Keys that a mode needs in addition to those that every file has. */
const NEEDED: Readonly<Record<ExperimentFile["mode"], ReadonlyArray<string>>> = {
  prepare: [],
  train: ["train.dataset", "train.learning_rate", "train.epochs", "train.batch_size"],
  test: ["test.dataset", "test.ckpt_directory"],
  visualize: ["test.dataset", "test.ckpt_directory"]
}

/** Reports what is wrong at a key, or at the place where a missing key belongs. */
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
  if (file.mode === "train" && file.train?.metric_loss === PROXY_AP) {
    faultAt(root, faults, "train.metric_loss", ABSENT_LOSS)
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

/** Reports values that our steps would refuse, at the keys of the file. */
const checkNetwork = (root: Node, { augment_config, compat, model }: ExperimentFile, faults: Faults): void => {
  const { backbone, output_stride = 32 } = model
  if (compat !== "original" && !backbones[backbone].outputStrides.includes(output_stride)) {
    const why = `expected 32 for ${backbone}, found ${output_stride}`
    faultAt(
      root,
      faults,
      "model.output_stride",
      `${why}; the original ignores it for this backbone, as \`compat: original\` does`
    )
  }
  const { sh = 0.4, sl = 0.02 } = augment_config?.random_erasing ?? {}
  if (sl > sh) {
    faultAt(root, faults, "augment_config.random_erasing.sl", `expected at most \`sh\`, which is ${sh}, found ${sl}`)
  }
}

/** Returns the facts of a file; reports values that do not fit each other and returns `undefined`. */
export const factsOf = (root: Node, file: ExperimentFile, faults: Faults): Facts | undefined => {
  const before = faults.all.length
  const section: Section = file.mode === "train" ? "train" : "test"
  const dataset = file[section]?.dataset ?? file.train?.dataset ?? file.test?.dataset
  checkNeeded(root, file, faults)
  if (dataset === undefined) {
    faultAt(root, faults, `${section}.dataset`, "is missing: it says which archive is read")
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
    faultAt(root, faults, "experiment", `expected text without slashes, because folders are named \`${name}\``)
    return undefined
  }
  return { file, dataset, kind: KINDS[dataset], pictures, original: file.compat === "original", name }
}
