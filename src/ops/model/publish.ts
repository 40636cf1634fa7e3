import { resolve } from "node:path"
import { Effect, Stream } from "effect"
import { operator } from "../../pipeline/operator.ts"
import { Name, optional, param } from "../../pipeline/param.ts"
import type { Step } from "../../pipeline/step.ts"
import { messageOf } from "../../pipeline/words.ts"
import { type TrainState, TrainStep } from "../elements.ts"
import { writeFileAtomic } from "../formats/files.ts"
import { Run } from "../run.ts"
import { engine } from "../tensor/engine.ts"
import { version } from "../version.ts"
import { WeightsError } from "./model-error.ts"
import { exportWeights } from "./weights/export.ts"

const write = (path: string, { network, weights }: TrainState, normalisation: string, engineVersion: string) =>
  Effect.try({
    try: () => {
      const { model: architecture, bands, classes } = network
      const versions = { orbitrank: version, node: process.versions.node, engine: engineVersion }
      writeFileAtomic(path, exportWeights(weights, { architecture, bands, classes, normalisation, versions }))
    },
    catch: (cause) =>
      new WeightsError({
        subject: path,
        problem: `cannot be written (${messageOf(cause)})`,
        remedy: "Make room, or name another file in `to`",
        cause
      })
  })

/** How a pipeline scales pixels: by whose constants, `none` where it does not. */
const scaling = (steps: ReadonlyArray<Step>): string => {
  const { by = "none", compat } = steps.findLast(({ name }) => name === "normalise")?.params ?? {}
  return compat === "original" ? `${by}, as the original does` : String(by)
}

/** Steps pass unchanged. The file is replaced after each epoch, whole or not at all. */
export const publish = operator({
  name: "publish",
  about:
    "Writes the weights after each epoch for other programs: safetensors under the original's names, with a manifest of architecture, bands, classes and normalisation.",
  from: TrainStep,
  to: TrainStep,
  params: {
    to: param(Name, "The file, in the run folder.", "weights.safetensors"),
    normalisation: optional(
      Name,
      "What the manifest says of how pixels were scaled; by default what the step `normalise` before it does."
    )
  },
  declares: { writes: ({ to }) => [to] },
  run:
    ({ to, normalisation }, { before }) =>
    (steps) =>
      Stream.mapEffect(steps, (step) =>
        Effect.gen(function* () {
          if (step.state === undefined) return step
          const { folder, wrote } = yield* Run
          const { name, version } = yield* engine
          const path = resolve(folder, to)
          yield* write(path, step.state, normalisation ?? scaling(before ?? []), `${name}, ${version}`)
          yield* wrote(path)
          return step
        })
      )
})
