/** The networks of a configuration, as `--check` prints them. */
import { Effect } from "effect"
import { makeModel } from "../ops/model/model.ts"
import type { ModelParams } from "../ops/model/params.ts"
import { type Summary, summarise } from "../ops/model/summary.ts"
import { openEngine } from "../ops/tensor/engine.ts"
import { declaredBy, shapeAfter } from "../pipeline/declared.ts"
import { canonical } from "../pipeline/print.ts"
import type { Step } from "../pipeline/step.ts"
import { grouped } from "../pipeline/words.ts"
import type { Plan } from "./plan.ts"

/** Of BigEarthNet's patches: shown where no step says what images become. */
const USUAL = 120

interface Use {
  readonly model: ModelParams
  /** Steps that have it, as `pipelines.train.optimise`. */
  readonly steps: Array<string>
  /** Height and width of the images that they get, where a step before says so. */
  readonly pixels: number | undefined
}

/** Equal networks on images of equal size are shown once. */
const usesOf = (plan: Plan): ReadonlyArray<Use> => {
  const uses = new Map<string, Use>()
  for (const [name, { steps }] of plan.loaded.pipelines) {
    ;(steps as ReadonlyArray<Step>).forEach((step, i) => {
      const model = declaredBy(step).network?.(step.params) as ModelParams | undefined
      if (model === undefined) return
      const { size: pixels } = shapeAfter(steps.slice(0, i))
      const key = canonical({ model, pixels })
      const use = uses.get(key) ?? { model, steps: [], pixels }
      use.steps.push(`${name}.${step.name}`)
      uses.set(key, use)
    })
  }
  return [...uses.values()]
}

const show = ({ model, pixels, steps }: Use, { dim, head, problem, stages, statistics, trained }: Summary): string => {
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
  const said = pixels === undefined ? ", if they come so; no step before says their size" : ""
  return [
    `  ${model.backbone}:  # ${steps.join(", ")}; images of ${size} x ${size} x ${model.channels}${said}`,
    ...lines,
    `    ${grouped(trained + statistics)} parameters, of which ${grouped(trained)} are trained`,
    ...(problem === undefined ? [] : [`    such images cannot be embedded: ${problem}`])
  ].join("\n")
}

/** Shapes and parameter counts of each network, as text; empty where there is none. */
export const showNetworks = (plan: Plan): Effect.Effect<string> =>
  Effect.gen(function* () {
    const uses = usesOf(plan)
    if (uses.length === 0) return ""
    const engine = yield* Effect.orDie(openEngine("cpu"))
    const shown = uses.map((use) => {
      const size = use.pixels ?? USUAL
      return show(use, summarise(engine, makeModel(use.model), size, size))
    })
    return ["", "", "networks:", ...shown].join("\n")
  })
