/** Translates each `mode` of a file in the original's form into pipelines of ours. */
import type { Split } from "../../ops/elements.ts"
import { augmentSteps } from "./augmentation.ts"
import type { SavePlace } from "./embeddings-paths.ts"
import type { Facts } from "./facts.ts"
import { lossParams } from "./losses.ts"
import { normaliseStep, readStep, resizeSteps, sourceOf } from "./patch-steps.ts"
import type { Written, WrittenStep } from "./steps.ts"

type Pipelines = Written["pipelines"]

/** Depths of the original's graded measures. */
const DEPTHS = [20, 40, 60, 80, 100]
/** Number of queries that the original draws. */
const DRAWN = 100

/** The weights that are tested, and the relevance that they are tested with. */
export interface Tested {
  /** A file, or `newest`. */
  readonly weights: string
  /** Folder of a ground truth that replaces the archive's labels. */
  readonly truth?: string | undefined
}

/**
 * Returns the steps that embed and rank the patches of a split.
 *
 * @param keep steps between embedding and ranking
 */
const ranked = (
  facts: Facts,
  split: Split,
  { truth, weights }: Tested,
  keep: ReadonlyArray<WrittenStep> = []
): ReadonlyArray<WrittenStep> => {
  const { test, train } = facts.file
  const size = test?.batch_size ?? train?.batch_size
  return [
    readStep(facts, split),
    ...resizeSteps(facts),
    normaliseStep(facts),
    ["batch", { size }],
    ["embed", { model: modelOf(facts), weights, predict: keep.length > 0 ? true : undefined }],
    ...keep,
    ["rank", { queries: 0.2, seed: test?.retrieval?.seed ?? 24 }],
    ...(truth === undefined ? [] : [["relabel", { from: truth }] satisfies WrittenStep])
  ]
}

/**
 * Returns the step that measures, also by class and by query. For BigEarthNet, the original averages the means of chunks of
 * queries, and so does `compat: original`.
 */
const measureStep = ({ file, original, pictures }: Facts): WrittenStep => {
  const chunk = original && !pictures ? file.test?.retrieval?.chunk_size : undefined
  return ["measure", { at: DEPTHS, metrics: ["original", "class-map"], chunk, per_query: "queries" }]
}

const modelOf = ({ file }: Facts, pretrained?: string) => {
  const { backbone, channels, module, num_classes, output_stride, part_dim, parts, pooling } = file.model
  return { backbone, output_stride, module, pooling, part_dim, parts, num_classes, channels, pretrained }
}

/**
 * Translates `prepare`. UCM and WHDLD are split by the original's random draw, AID by its folders. BigEarthNet's lists are
 * given; its patches are stored.
 */
export const prepareMode = ({ dataset, kind }: Facts, archive: string): Pipelines => {
  const list: WrittenStep = ["archive", { kind, path: archive }]
  if (dataset === "BigEarthNet") return { prepare: [list, ["decode"], ["store", { to: "patches.lmdb" }]] }
  if (dataset === "AID") return { prepare: [list, ["split", { by: "archive" }]] }
  return { prepare: [list, ["split", { seed: 24, train: 0.7, val: 0.1 }]] }
}

/**
 * Translates `train`.
 *
 * @param pretrained the file of weights to start from
 * @param validates whether there is a list of validation patches
 */
export const trainMode = (facts: Facts, pretrained: string | undefined, validates: boolean): Pipelines => {
  const { train = {} } = facts.file
  const { checkpoint_step, epochs = 1, learning_rate, resume } = train
  const validation: WrittenStep = ["measure", { at: [100] }]
  return {
    ...(validates ? { validation: [...ranked(facts, "val", { weights: "newest" }), validation] } : {}),
    train: [
      readStep(facts, "train", { epochs, shuffle: true }),
      ...resizeSteps(facts),
      ...augmentSteps(facts),
      normaliseStep(facts),
      ["batch", { size: train.batch_size, drop_last: true }],
      [
        "optimise",
        {
          model: modelOf(facts, pretrained),
          ...lossParams(train),
          optimizer: train.optimizer,
          learning_rate: Number(learning_rate),
          update_iter: train.update_iter
        }
      ],
      // The original keeps every checkpoint.
      ["checkpoint", { checkpoint_step, keep: epochs, resume }],
      ...(validates ? [["validate", { with: "validation" }] satisfies WrittenStep] : []),
      ["tensorboard", { display_step: facts.file.display?.display_step }],
      ["curve"]
    ]
  }
}

/** Translates `test`. */
export const testMode = (facts: Facts, tested: Tested, { folder, stem }: SavePlace): Pipelines => {
  const { save = true } = facts.file.test ?? {}
  const keep: ReadonlyArray<WrittenStep> = save ? [["save", { to: stem, folder }]] : []
  return { test: [...ranked(facts, "test", tested, keep), measureStep(facts), ["report"]] }
}

/** Translates `visualize`: strips of the first queries, in files named like the original's, `1_3.18.png`. */
export const visualizeMode = (facts: Facts, tested: Tested): Pipelines => {
  const top = facts.file.test?.retrieval?.visualize ?? 10
  const strips: WrittenStep = ["strips", { queries: DRAWN, which: "first", top, digits: 1, ...sourceOf(facts) }]
  return { visualize: [...ranked(facts, "test", tested), strips, measureStep(facts), ["report"]] }
}
