/** Weights that a run starts from or embeds with, and the line that reports them. */
import { basename, resolve } from "node:path"
import { Effect } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import type { NamedArray } from "../../elements.ts"
import { Run } from "../../run.ts"
import { loadWeights } from "../load/load.ts"
import type { Target } from "../load/orders.ts"
import { type LoadReport, sentence } from "../load/report.ts"
import { drawnWeights, type Model } from "../model.ts"
import { WeightsError } from "../model-error.ts"
import type { WeightsMapping } from "../params.ts"

/** Initial weights, with a report if they come from a file. */
export interface Start {
  readonly arrays: ReadonlyArray<NamedArray>
  readonly classes: ReadonlyArray<string> | undefined
  readonly report: LoadReport | undefined
}

/**
 * The weights that training starts from: random ones, or those of the `pretrained` file.
 *
 * @param target bands and classes of the run; the file's weights are put into their order
 * @throws WeightsError if the file cannot be read or does not fit
 */
export const startOf = (model: Model, seed: number, target?: Target): Start => {
  const drawn = drawnWeights(model, seed)
  if (model.pretrained === undefined) return { arrays: drawn, classes: undefined, report: undefined }
  const { file, ...said } = model.pretrained
  return loadWeights(resolve(file), model, drawn, said, target)
}

/** A file's name as a key of the record. Dots separate keys there, so they are replaced. */
const keyOf = (file: string): string => basename(file).replace(/[^A-Za-z0-9_-]+/g, "_")

const tell = Effect.fnUntraced(function* (file: string, report: LoadReport, bands: ReadonlyArray<string>) {
  const { say, record } = yield* Run
  yield* say(`  ${sentence(basename(file), report, bands)}`)
  yield* record(`weights.${keyOf(file)}`, { file, ...report, loaded: report.loaded.length })
})

/** The outputs that a run needs from weights: `nothing` if they are trained first. */
export type Needs = "nothing" | "embeddings" | "embeddings and logits"

/** Arrays that only logits need. */
const OF_LOGITS = /^head\..*(\.(fc|fc2)\.weight$|\.bn\.)/

/** Arrays beside the backbone that the run needs and the file does not have; pooling's exponent has a sound default. */
const lacking = ({ parameters }: Model, { loaded }: LoadReport, needs: Needs): ReadonlyArray<string> => {
  const given = new Set(loaded)
  return parameters
    .map(({ name }) => name)
    .filter((name) => !given.has(name) && !name.startsWith("encoder.") && !/^head\..*\.p$/.test(name))
    .filter((name) => needs === "embeddings and logits" || !OF_LOGITS.test(name))
}

/** @throws WeightsError if embeddings or predicted labels would come from untrained arrays */
const checkTrained = (model: Model, file: string, report: LoadReport, needs: Needs): void => {
  if (needs === "nothing") return
  const names = lacking(model, report, needs)
  const [attention] = names.filter((name) => !name.startsWith("head."))
  const [head] = names.filter((name) => name.startsWith("head.") && !OF_LOGITS.test(name))
  const [classifier] = names.filter((name) => OF_LOGITS.test(name))
  if (attention === undefined && head === undefined) {
    if (classifier === undefined) return
    throw new WeightsError({
      subject: file,
      problem: `does not give ${classifier}, and predicted labels need it`,
      remedy: "Omit `predict`, or give weights that were trained with this head on these classes"
    })
  }
  const needed = [
    ...(attention === undefined ? [] : [[`${attention} of \`module: ${model.params.module}\``, "without `module`"]]),
    ...(head === undefined ? [] : [[head, "by the single head without `embedding_dim`"]])
  ]
  throw new WeightsError({
    subject: file,
    problem: `gives the backbone alone, and embeddings need ${needed.map(([what]) => what).join(" and ")} too`,
    remedy: `Embed ${needed.map(([, way]) => way).join(" and ")}, or train first, from \`pretrained\``
  })
}

/** Weights of a network for a run. */
export interface RunWeights {
  /** All arrays of the network, in its order. */
  readonly arrays: ReadonlyArray<NamedArray>
  /**
   * Class names of the logits, in order: those of the run's images, or else those that the file of weights names;
   * `undefined` if neither names classes.
   */
  readonly classes: ReadonlyArray<string> | undefined
}

/**
 * The weights that a run starts from. If they come from a `pretrained` file, one line reports its arrays.
 *
 * @param target bands and classes of the first batch
 */
export const startingWeights = (
  model: Model,
  target: Target,
  needs: Needs
): Effect.Effect<RunWeights, WeightsError, Run> =>
  Effect.gen(function* () {
    const { seed } = yield* Run
    const file = model.pretrained?.file ?? ""
    const { arrays, classes, report } = yield* attempt(WeightsError)(() => {
      const start = startOf(model, seed, target)
      if (start.report !== undefined) checkTrained(model, file, start.report, needs)
      return start
    })
    if (report !== undefined) yield* tell(file, report, target.bands)
    return { arrays, classes: target.classes.length > 0 ? target.classes : classes }
  })

/** Parameters that change embeddings without changing the shape of any array. */
const COMPARED = ["output_stride"]

/**
 * Weights to embed with, from a file of any kind that `pretrained` reads, or from a checkpoint of training.
 *
 * @param quiet whether the line that reports the file's arrays is omitted
 */
export const weightsOfFile = (
  { file, ...said }: WeightsMapping,
  model: Model,
  target: Target,
  needs: Needs,
  quiet = false
): Effect.Effect<RunWeights, WeightsError, Run> =>
  Effect.gen(function* () {
    const { seed } = yield* Run
    const path = resolve(file)
    const { arrays, classes, report } = yield* attempt(WeightsError)(() => {
      const loaded = loadWeights(path, model, drawnWeights(model, seed), said, target, COMPARED)
      checkTrained(model, path, loaded.report, needs)
      return loaded
    })
    if (!quiet) yield* tell(path, report, target.bands)
    return { arrays, classes: target.classes.length > 0 ? target.classes : classes }
  })
