/** The networks of a configuration: the sizes of their stages for `--check`, and faults of images that do not fit them. */
import { Effect } from "effect"
import { makeModel } from "../../ops/model/model.ts"
import type { GivenModel, ModelParams } from "../../ops/model/params.ts"
import { type Summary, summarise } from "../../ops/model/summary.ts"
import { openEngine } from "../../ops/tensor/engine.ts"
import { declaredBy, shapeAfter } from "../../pipeline/declared.ts"
import { ConfigError, type Fault, inOrder, type Position } from "../../pipeline/fault.ts"
import { originOf } from "../../pipeline/origin.ts"
import { canonical } from "../../pipeline/print.ts"
import type { Step } from "../../pipeline/step.ts"
import { grouped } from "../../pipeline/words.ts"
import type { Plan } from "./plan.ts"

/** Edge in pixels of BigEarthNet's patches: assumed if no step fixes the size of the images. */
const USUAL = 120

interface Use {
  readonly model: ModelParams
  /** Steps that apply it, as `train.optimise`, and their positions in the file. */
  readonly steps: Array<{ readonly path: string; readonly at: Position | undefined }>
  /** Height and width of its images, if a step before it fixes them. */
  readonly pixels: number | undefined
}

/** A network of a configuration with the sizes of its stages. */
export interface Network extends Use {
  readonly summary: Summary
}

/** A network with the numbers that its data will have; `undefined` if the configuration does not determine its bands. */
const sizedModel = (
  given: GivenModel,
  channels: number | undefined,
  classes: number | undefined
): ModelParams | undefined => {
  const bands = given.channels ?? channels
  return bands === undefined ? undefined : { ...given, channels: bands, num_classes: given.num_classes ?? classes ?? 1 }
}

/** Equal networks on images of equal size are one. */
const usesOf = (plan: Plan): ReadonlyArray<Use> => {
  const uses = new Map<string, Use>()
  for (const [name, { steps }] of plan.loaded.pipelines) {
    ;(steps as ReadonlyArray<Step>).forEach((step, i) => {
      const given = declaredBy(step).network?.(step.params) as GivenModel | undefined
      const { channels, classes, size: pixels } = shapeAfter(steps.slice(0, i))
      const model = given === undefined ? undefined : sizedModel(given, channels, classes)
      if (model === undefined) return
      const key = canonical({ model, pixels })
      const use = uses.get(key) ?? { model, steps: [], pixels }
      use.steps.push({ path: `${name}.${step.name}`, at: originOf(step).at })
      uses.set(key, use)
    })
  }
  return [...uses.values()]
}

/** The faults of images that a network cannot embed, at each step that applies it. */
const misfits = (networks: ReadonlyArray<Network>): ReadonlyArray<Fault> =>
  networks.flatMap(({ model: { channels }, pixels, steps, summary: { problem } }) =>
    problem === undefined || pixels === undefined
      ? []
      : steps.map(({ at, path }) => ({
          at,
          path: `pipelines.${path}.model`,
          problem: `images of ${pixels} x ${pixels} x ${channels} cannot be embedded: ${problem}`
        }))
  )

/**
 * The networks of a configuration, each applied to no image at all to find its sizes. Loads TensorFlow.js if there is one.
 *
 * Fails with a `ConfigError` if a step fixes an image size that a network cannot embed.
 */
export const networksOf = (plan: Plan): Effect.Effect<ReadonlyArray<Network>, ConfigError> =>
  Effect.gen(function* () {
    const uses = usesOf(plan)
    if (uses.length === 0) return []
    const engine = yield* Effect.orDie(openEngine("cpu"))
    const networks = uses.map((use): Network => {
      const size = use.pixels ?? USUAL
      return { ...use, summary: summarise(engine, makeModel(use.model), size, size) }
    })
    const faults = misfits(networks)
    return faults.length === 0 ? networks : yield* new ConfigError({ faults: inOrder(faults) })
  })

const show = ({ model, pixels, steps, summary }: Network): string => {
  const { dim, fewer, head, problem, stages, statistics, trained } = summary
  const rows = [
    ...stages.map(({ name, output, parameters }) => [name, output.join(" x "), grouped(parameters)]),
    ["head", `embedding of ${dim}`, grouped(head)]
  ]
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)))
  const lines = rows.map(
    ([name, output, parameters]) =>
      `    ${name.padEnd(widths[0])}  ${output.padEnd(widths[1])}  ${parameters.padStart(widths[2])}`
  )
  const size = pixels ?? USUAL
  const assumed = pixels === undefined ? ", assumed because no step before it sets their size" : ""
  return [
    `  ${model.backbone}:  # ${steps.map(({ path }) => path).join(", ")}; images of ${size} x ${size} x ${model.channels}${assumed}`,
    ...lines,
    `    ${grouped(trained + statistics)} parameters, of which ${grouped(trained)} are trained`,
    ...fewer.map(
      ({ pieces, split }) =>
        `    parts: [${split.join(", ")}] gives [${pieces.join(", ")}] pieces (channels, rows, columns) on this feature map; the necks of the others stay untrained`
    ),
    ...(problem === undefined ? [] : [`    images of that size cannot be embedded: ${problem}`])
  ].join("\n")
}

/** Shapes and parameter counts of each network, as text; empty without networks. */
export const showNetworks = (networks: ReadonlyArray<Network>): string =>
  networks.length === 0 ? "" : ["", "", "networks:", ...networks.map(show)].join("\n")
