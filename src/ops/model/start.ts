/** Weights for a run, and what is told of them. */
import { createHash } from "node:crypto"
import { basename } from "node:path"
import { Effect } from "effect"
import type { NamedArray } from "../elements.ts"
import { Run } from "../run.ts"
import { startOf } from "./initial.ts"
import { drawnWeights, type Model } from "./model.ts"
import type { Target } from "./orders.ts"
import { loadWeights } from "./pretrained.ts"
import { type LoadReport, sentence } from "./report.ts"
import { WeightsError } from "./weights.ts"

/** A file's name as a key of the record, whose paths are divided by dots. */
const keyOf = (file: string): string => basename(file).replace(/[^A-Za-z0-9_-]+/g, "_")

const tell = Effect.fnUntraced(function* (file: string, report: LoadReport, bands: ReadonlyArray<string>) {
  const { say, record } = yield* Run
  yield* say(`  ${sentence(basename(file), report, bands)}`)
  yield* record(`weights.${keyOf(file)}`, { file, ...report, loaded: report.loaded.length })
})

const attempt = <A>(body: () => A): Effect.Effect<A, WeightsError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(body())
    } catch (fault) {
      return fault instanceof WeightsError ? Effect.fail(fault) : Effect.die(fault)
    }
  })

/**
 * The weights that training starts from; of a `pretrained` file it is told what became of its arrays.
 *
 * @param target bands and classes of the first batch
 */
export const startingWeights = (
  model: Model,
  target: Target
): Effect.Effect<ReadonlyArray<NamedArray>, WeightsError, Run> =>
  Effect.gen(function* () {
    const { seed } = yield* Run
    const { arrays, report } = yield* attempt(() => startOf(model, seed, target))
    if (report !== undefined) yield* tell(model.pretrained?.file ?? "", report, target.bands)
    return arrays
  })

/** Arrays of a head that embeddings are made by, and that a file of the backbone alone has not. */
const untrained = (model: Model, { loaded, naming }: LoadReport): ReadonlyArray<string> =>
  naming === "own"
    ? []
    : model.head.parameters
        .map(({ name }) => name)
        .filter((name) => !loaded.includes(name) && !/\.(fc|fc2)\.weight$|\.bn\.|\.p$/.test(name))

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
    const { arrays, report } = yield* attempt(() => {
      const loaded = loadWeights(path, model, drawnWeights(model, seed), {}, target, COMPARED)
      const [missing] = untrained(model, loaded.report)
      if (missing === undefined) return loaded
      const problem = `holds the backbone alone, and embeddings need ${missing} too`
      const remedy = "Embed by the single head without `embedding_dim`, or train first, from `pretrained`"
      throw new WeightsError({ subject: path, problem, remedy })
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
