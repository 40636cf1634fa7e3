import { join } from "node:path"
import { Effect, Stream } from "effect"
import { operator } from "../../pipeline/operator.ts"
import { PositiveInt, param } from "../../pipeline/param.ts"
import { TrainStep } from "../elements.ts"
import { Run } from "../run.ts"
import { type EpochEnd, writeCheckpoint } from "./checkpoints.ts"

const endsEpoch = (step: TrainStep): step is EpochEnd => step.state !== undefined

export const checkpoint = operator({
  name: "checkpoint",
  about: "Writes checkpoints/epoch_NNNN.safetensors in the run folder after each epoch; a stopped run goes on from it.",
  from: TrainStep,
  to: TrainStep,
  params: { keep: param(PositiveInt, "How many of the newest to keep.", 2) },
  run:
    ({ keep }) =>
    (steps) =>
      Stream.mapEffect(steps, (step) =>
        endsEpoch(step)
          ? Effect.gen(function* () {
              const { folder, wrote } = yield* Run
              yield* wrote(yield* writeCheckpoint(join(folder, "checkpoints"), step, keep))
              return step
            })
          : Effect.succeed(step)
      )
})
