/** Weights for a run, and what is told of them. */
import { createHash } from "node:crypto"
import { basename } from "node:path"
import { Effect } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import type { NamedArray } from "../elements.ts"
import { Run } from "../run.ts"
import { startOf } from "./initial.ts"
import { drawnWeights, type Model } from "./model.ts"
import { WeightsError } from "./model-error.ts"
import type { Target } from "./orders.ts"
import { loadWeights } from "./pretrained.ts"
import { type LoadReport, sentence } from "./report.ts"

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
): Effect.Effect<ReadonlyArray<NamedArray>, WeightsError, Run> =>
  Effect.gen(function* () {
    const { seed } = yield* Run
    const file = model.pretrained?.file ?? ""
    const { arrays, report } = yield* attempt(WeightsError)(() => {
      const start = startOf(model, seed, target)
      if (start.report !== undefined && !trains) checkTrained(model, file, start.report)
      return start
    })
    if (report !== undefined) yield* tell(file, report, target.bands)
    return arrays
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
): Effect.Effect<ReadonlyArray<NamedArray>, WeightsError, Run> =>
  Effect.gen(function* () {
    const { seed } = yield* Run
    const { arrays, report } = yield* attempt(WeightsError)(() => {
      const loaded = loadWeights(path, model, drawnWeights(model, seed), {}, target, COMPARED)
      checkTrained(model, path, loaded.report)
      return loaded
    })
    if (!quiet) yield* tell(path, report, target.bands)
    return arrays
  })

/** SHA-256 of names, shapes and values, its first 16 digits: equal weights, equal fingerprints. */
export const fingerprint = (arrays: ReadonlyArray<NamedArray>): string => {
  const hash = createHash("sha256")
  for (const { name, shape, data } of arrays) {
    hash.update(`${name} ${shape.join()}\n`)
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest("hex").slice(0, 16)
}
