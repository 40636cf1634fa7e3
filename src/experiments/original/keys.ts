/** The keys of files in the original's form, and the values that each accepts. */
import { Schema } from "effect"
import { attentionNames } from "../../ops/model/attentions.ts"
import { backboneNames } from "../../ops/model/backbones.ts"
import { poolingNames } from "../../ops/model/poolings.ts"
import { idLosses, metricLosses } from "../../ops/train/losses.ts"
import {
  Compat,
  choice,
  Fraction,
  listOf,
  Name,
  NonNegative,
  NonNegativeInt,
  type Plain,
  PositiveInt,
  Probability,
  Seed,
  Share
} from "../../pipeline/param.ts"

const may = Schema.optionalKey
const Flag = Schema.Boolean
/** A flag as Python accepts it: also 0 or 1. */
const Switch: Plain<boolean | 0 | 1> = Schema.Union([Schema.Boolean, Schema.Literals([0, 1])]).annotate({
  expected: "True, False, 0 or 1"
})

/** A learning rate. YAML 1.1 reads `1e-4` as text, so text is accepted if it is a number. */
const Rate: Plain<string | number> = Schema.Union([Schema.String, Schema.Number]).check(
  Schema.makeFilter((value: string | number) => (Number(value) > 0 && Number.isFinite(Number(value))) || "no rate", {
    expected: "a number above 0"
  })
)

/** The scales of a test. The original's code uses the first only. */
const ScaleOne: Plain<ReadonlyArray<number>> = Schema.Array(Schema.Number).check(
  Schema.makeFilter((scales: ReadonlyArray<number>) => (scales.length === 1 && scales[0] === 1) || "scales", {
    expected: "[1], since other scales are deprecated in the original and not supported here"
  })
)

/** The original's data sets, as its files name them. */
export const datasetNames = ["BigEarthNet", "UCM", "AID", "WHDLD"] as const
export type Dataset = (typeof datasetNames)[number]
const Dataset = choice(...datasetNames)
const Nomenclature = choice("new_classes", "old_classes", "UCM", "AID", "WHDLD")
const Device = Schema.Union([
  Schema.Literal("auto"),
  Schema.Literal("gpu"),
  Schema.Literal("tensorflow"),
  Schema.Literal("wasm"),
  Schema.Literal("onnx"),
  Schema.Literal("cpu"),
  listOf(NonNegativeInt)
])

const Retrieval = Schema.Struct({
  chunk_size: may(PositiveInt),
  seed: may(Seed),
  path_gt: may(Name),
  visualize: may(PositiveInt)
})
const namesOf = <Name extends string>(losses: ReadonlyArray<{ readonly name: Name }>) => losses.map(({ name }) => name)
const Visualization = Schema.Struct({ img_path: may(Name) })

/** Keys of ours that files in the original's form may have as well. */
const ours = { seed: may(Seed), compat: may(Compat) }

/** A loss that the original's AID file names and that neither its code nor ours has; only `train` needs it. */
export const PROXY_AP = "proxy_ap"

/** A file of the original with `mode`. */
export const ExperimentFile = Schema.Struct({
  ...ours,
  mode: choice("prepare", "train", "test", "visualize"),
  root_dir: Name,
  device: may(Device),
  experiment: Name,
  model: Schema.Struct({
    backbone: choice(...backboneNames),
    output_stride: may(Schema.Literals([8, 16, 32])),
    module: may(choice(...attentionNames)),
    pooling: choice(...poolingNames),
    part_dim: may(PositiveInt),
    parts: may(listOf(Schema.Tuple([PositiveInt, PositiveInt, PositiveInt]))),
    num_classes: PositiveInt,
    pretrained: may(Schema.Union([Flag, Name])),
    channels: Schema.Literals([3, 10])
  }),
  train: may(
    Schema.Struct({
      dataset: may(Dataset),
      nomenclature: may(Nomenclature),
      id_loss: may(choice(...namesOf(idLosses))),
      metric_loss: may(choice(...namesOf(metricLosses), PROXY_AP)),
      loss_weight: may(Schema.Tuple([NonNegative, NonNegative])),
      sim_threshold: may(Probability),
      mining_strategy: may(choice("ji")),
      optimizer: may(choice("adam", "sgd")),
      learning_rate: may(Rate),
      epochs: may(PositiveInt),
      batch_size: may(PositiveInt),
      update_iter: may(PositiveInt),
      resume: may(Flag),
      checkpoint_step: may(PositiveInt)
    })
  ),
  test: may(
    Schema.Struct({
      dataset: may(Dataset),
      nomenclature: may(Nomenclature),
      batch_size: may(PositiveInt),
      ckpt_directory: may(Name),
      save: may(Flag),
      save_path: may(Name),
      global: may(Schema.Struct({ multi_scale: may(ScaleOne) })),
      retrieval: may(Retrieval),
      visualization: may(Visualization)
    })
  ),
  display: may(Schema.Struct({ summary_step: may(PositiveInt), display_step: may(PositiveInt) })),
  augment_config: may(
    Schema.Struct({
      use_transform: may(Switch),
      h_flip: may(Probability),
      v_flip: may(Probability),
      rotate: may(Probability),
      blur: may(Probability),
      brightness: may(Probability),
      contrast: may(Probability),
      gamma: may(Probability),
      normalize: may(Switch),
      compose: may(Switch),
      image_size: may(PositiveInt),
      random_erasing: may(Schema.Struct({ p: may(Probability), sl: may(Fraction), sh: may(Fraction), r1: may(Share) }))
    })
  )
})
export type ExperimentFile = typeof ExperimentFile.Type

/** A file of the original that re-ranks saved embeddings. */
export const RerankingFile = Schema.Struct({
  ...ours,
  mode: may(choice("rerank")),
  root_dir: may(Name),
  device: may(Device),
  experiment: may(Name),
  path_to_desc: Name,
  dataset: may(Dataset),
  rerank_scheme: listOf(choice("qe", "aqe", "ja", "db")),
  retrieval: may(Retrieval),
  visualization: may(Visualization),
  qe: may(Schema.Struct({ k: may(PositiveInt) })),
  aqe: may(Schema.Struct({ k: may(PositiveInt), alpha: may(NonNegative) })),
  csqe: may(
    Schema.Struct({
      k: may(PositiveInt),
      ks: may(PositiveInt),
      kc: may(PositiveInt),
      sim_affinity_path: may(Name),
      label_affinity_path: may(Name),
      precomputed_graph_path: may(Name),
      labels_csv_path: may(Name)
    })
  ),
  ja: may(Schema.Struct({ save_path: may(Name), labels_csv_path: may(Name) }))
})
export type RerankingFile = typeof RerankingFile.Type
