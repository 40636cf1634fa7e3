import { join } from "node:path"
import { Effect, Stream } from "effect"
import { operator } from "../../pipeline/operator.ts"
import { Flag, PositiveInt, param } from "../../pipeline/param.ts"
import { TrainStep } from "../elements.ts"
import type { EpochEnd } from "../model/weights/checkpoints.ts"
import { Run } from "../run.ts"
import { endsEpoch, removeCheckpoints, writeCheckpoint } from "./write-checkpoint.ts"

/**
 * Saves epochs. Only steps of saved epochs keep their state, so later operators (`validate`, `publish`) see saved epochs
 * only. The last epoch is always saved: an epoch that is not due waits for the next step or for the end of the stream.
 */
export const checkpoint = operator({
  name: "checkpoint",
  about: "Writes checkpoints/epoch_NNNN.safetensors in the run folder; a stopped run continues from the newest.",
  from: TrainStep,
  to: TrainStep,
  params: {
    checkpoint_step: param(PositiveInt, "Epochs between checkpoints; the last epoch is always saved.", 1),
    keep: param(PositiveInt, "Number of newest checkpoints to keep.", 2),
    resume: param(Flag, "Continues a stopped run from the newest checkpoint; `false` starts anew.", true)
  },
  declares: {
    shares: () => ["checkpoints/epoch_*.safetensors"],
    training: ({ resume }) => (resume ? "resumes" : "restarts")
  },
  run:
    ({ checkpoint_step, keep, resume }) =>
    (steps) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const { folder, wrote } = yield* Run
          const checkpoints = join(folder, "checkpoints")
          if (!resume) yield* removeCheckpoints(checkpoints)
          let waiting: EpochEnd | undefined
          const write = (step: EpochEnd) =>
            Effect.as(Effect.flatMap(writeCheckpoint(checkpoints, step, keep), wrote), step)
          const pass = (step: TrainStep) =>
            Effect.gen(function* () {
              const before = waiting === undefined ? [] : [{ ...waiting, state: undefined }]
              waiting = undefined
              if (!endsEpoch(step)) return [...before, step]
              if (step.state.epoch % checkpoint_step === 0) return [...before, yield* write(step)]
              waiting = step
              return before
            })
          const last = Effect.suspend(() =>
            waiting === undefined ? Effect.succeed([]) : Effect.map(write(waiting), (step) => [step])
          )
          return Stream.concat(Stream.mapEffect(steps, pass), Stream.fromEffect(last)).pipe(
            Stream.flatMap((given: ReadonlyArray<TrainStep>) => Stream.fromIterable(given))
          )
        })
      )
})
