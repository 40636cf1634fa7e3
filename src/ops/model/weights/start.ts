/** Weights for a run, and what is told of them. */
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

/** Weights, and what became of the file that they are of. */
export interface Start {
  readonly arrays: ReadonlyArray<NamedArray>
  readonly classes: ReadonlyArray<string> | undefined
  readonly report: LoadReport | undefined
}

/**
 * The weights that training starts from: drawn, or those of the `pretrained` file.
 *
 * @param target bands and classes of the run, into whose order those of the file are put
 * @throws WeightsError where the file cannot be read, or does not fit
 */
export const startOf = (model: Model, seed: number, target?: Target): Start => {
  const drawn = drawnWeights(model, seed)
  if (model.pretrained === undefined) return { arrays: drawn, classes: undefined, report: undefined }
  const { file, ...said } = model.pretrained
  return loadWeights(resolve(file), model, drawn, said, target)
}

/** A file's name as a key of the record, whose paths are divided by dots. */
const keyOf = (file: string): string => basename(file).replace(/[^A-Za-z0-9_-]+/g, "_")

const tell = Effect.fnUntraced(function* (file: string, report: LoadReport, bands: ReadonlyArray<string>) {
  const { say, record } = yield* Run
  yield* say(`  ${sentence(basename(file), report, bands)}`)
  yield* record(`weights.${keyOf(file)}`, { file, ...report, loaded: report.loaded.length })
})

/** Arrays that embeddings are made by, and that a file, which may hold the backbone alone, does not give. */
const lacking = ({ parameters }: Model, { loaded }: LoadReport): ReadonlyArray<string> => {
  const given = new Set(loaded)
  return parameters
    .map(({ name }) => name)
    .filter((name) => !given.has(name) && !name.startsWith("encoder."))
    .filter((name) => !/^head\..*(\.(fc|fc2)\.weight$|\.bn\.|\.p$)/.test(name))
}

/** @throws WeightsError where embeddings would be made by arrays that are drawn, and not trained */
const checkTrained = (model: Model, file: string, report: LoadReport): void => {
  const names = lacking(model, report)
  const [attention] = names.filter((name) => !name.startsWith("head."))
  const [head] = names.filter((name) => name.startsWith("head."))
  if (attention === undefined && head === undefined) return
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
 * The weights that a run starts from; of a `pretrained` file it is told what became of its arrays.
 *
 * @param target bands and classes of the first batch
 * @param trains whether they are trained before anything is embedded, so that a file of the backbone alone will do
 */
export const startingWeights = (
  model: Model,
  target: Target,
  trains = false
): Effect.Effect<RunWeights, WeightsError, Run> =>
  Effect.gen(function* () {
    const { seed } = yield* Run
    const file = model.pretrained?.file ?? ""
    const { arrays, classes, report } = yield* attempt(WeightsError)(() => {
      const start = startOf(model, seed, target)
      if (start.report !== undefined && !trains) checkTrained(model, file, start.report)
      return start
    })
    if (report !== undefined) yield* tell(file, report, target.bands)
    return { arrays, classes: target.classes.length > 0 ? target.classes : classes }
  })

/** What embedding needs to be the same beside what arrays show. */
const COMPARED = ["output_stride"]

/**
 * Weights to embed with: those of a file of any kind that `pretrained` reads, or of a checkpoint of training.
 *
 * @param quiet whether only a misfit is told
 */
export const weightsOfFile = (
  path: string,
  model: Model,
  target: Target,
  quiet = false
): Effect.Effect<RunWeights, WeightsError, Run> =>
  Effect.gen(function* () {
    const { seed } = yield* Run
    const { arrays, classes, report } = yield* attempt(WeightsError)(() => {
      const loaded = loadWeights(path, model, drawnWeights(model, seed), {}, target, COMPARED)
      checkTrained(model, path, loaded.report)
      return loaded
    })
    if (!quiet) yield* tell(path, report, target.bands)
    return { arrays, classes: target.classes.length > 0 ? target.classes : classes }
  })
