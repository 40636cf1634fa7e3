/** Training as a stream: batches in, one step out for each, the state with the last of an epoch. */
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { operator } from "../../pipeline/operator.ts"
import { choice, Positive, param } from "../../pipeline/param.ts"
import { BATCHES_AHEAD, Batch, type TrainState, TrainStep } from "../elements.ts"
import { initialWeights, type Model, ModelParams, makeModel } from "../model/model.ts"
import { checkWeights, type WeightsError } from "../model/weights.ts"
import { FirstEpoch, Run } from "../run.ts"
import { type Engine, engine } from "../tensor/engine.ts"
import { type EpochEnd, readCheckpoint } from "./checkpoints.ts"
import { checkBatch, checkLoss } from "./checks.ts"
import { TrainError } from "./errors.ts"
import { lossNames, objectives } from "./objectives.ts"
import { makeTrainer, type Trainer, zeroMoments } from "./trainer.ts"

interface Course {
  readonly model: Model
  readonly trainer: Trainer
  readonly rateOf: (epoch: number) => number
}

/** What is not known of a step yet. */
const unseen = { state: undefined, validation: undefined } as const

/**
 * Whether a step was the last of its epoch is known only when the next batch comes, or none: so each step waits for that.
 *
 * @param resumed the step that training goes on after. It is given once more, since the run may have stopped before the
 * operators that follow had seen it
 */
const lookingAhead = ({ model, trainer, rateOf }: Course, resumed: EpochEnd | undefined) => {
  let pending: TrainStep | undefined = resumed
  let facts: TrainState["network"] | undefined = resumed?.state.network
  const ended = (step: TrainStep): TrainStep => ({
    ...step,
    state: {
      ...trainer.state(),
      epoch: step.epoch + 1,
      learningRate: step.learningRate,
      network: facts as TrainState["network"]
    }
  })
  const advance = (batch: Batch): TrainStep | undefined => {
    checkBatch(batch, model)
    const before = pending
    const known = before !== undefined && before.epoch !== batch.epoch ? ended(before) : before
    const learningRate = rateOf(batch.epoch)
    const step = before === undefined ? 0 : before.step + 1
    const { loss, floor } = trainer.step(batch, learningRate)
    checkLoss(loss, batch, step)
    facts = { model: model.params, bands: batch.bands, classes: batch.classes }
    pending = { kind: "step", epoch: batch.epoch, step, images: batch.size, learningRate, loss, floor, ...unseen }
    return known
  }
  const last = (): TrainStep => {
    if (pending !== undefined) return ended(pending)
    throw new TrainError({
      subject: "optimise",
      problem: "no batch came, so nothing was trained",
      remedy: "Read a split that has images, and make batches no larger than it"
    })
  }
  return { advance, last }
}

const asTrainError = (cause: unknown): TrainError | WeightsError => {
  if (cause instanceof Error && "_tag" in cause) return cause as TrainError | WeightsError
  const problem = cause instanceof Error ? cause.message : String(cause)
  return new TrainError({ subject: "training step", problem, remedy: "Check the size of the images", cause })
}

const attempt = <A>(body: () => A) => Effect.try({ try: body, catch: asTrainError })

/** A trainer for the life of the scope: fresh, or in the state after an epoch. */
const opened = (
  tensors: Engine,
  model: Model,
  loss: keyof typeof objectives,
  seed: number,
  from: EpochEnd | undefined
) =>
  Effect.acquireRelease(
    attempt(() => {
      const fresh = { weights: initialWeights(model, seed), moments: zeroMoments(model.parameters), step: 0 }
      if (from !== undefined) checkWeights(model, from.state.weights, `checkpoint of epoch ${from.state.epoch}`)
      return makeTrainer(tensors, model, objectives[loss], from?.state ?? fresh)
    }),
    (trainer) => Effect.sync(() => trainer.dispose())
  )

export const optimise = operator({
  name: "optimise",
  about: "Trains a network: forward pass, loss, backward pass and update for each batch.",
  from: Batch,
  to: TrainStep,
  params: {
    model: param(ModelParams, "The network."),
    loss: param(choice(...lossNames), "The loss.", "oml"),
    optimizer: param(choice("adam"), "How weights are updated; adam has betas 0.9 and 0.999.", "adam"),
    learning_rate: param(Positive, "Step size of the first epoch.", 2e-3),
    decay: param(Positive, "The step size is multiplied by it after each epoch.", Math.exp(-0.01))
  },
  ahead: BATCHES_AHEAD,
  run:
    ({ model: params, loss, learning_rate, decay }) =>
    (batches) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const run = yield* Run
          const first = yield* FirstEpoch
          const tensors = yield* engine
          const model = makeModel(params)
          const resumed = first > 0 ? yield* readCheckpoint(join(run.folder, "checkpoints"), first) : undefined
          const trainer = yield* opened(tensors, model, loss, run.seed, resumed)
          const rateOf = (epoch: number) => learning_rate * decay ** epoch
          const { advance, last } = lookingAhead({ model, trainer, rateOf }, resumed)
          return Stream.concat(
            Stream.mapEffect(batches, (batch) => attempt(() => advance(batch))),
            Stream.fromEffect(attempt(last))
          ).pipe(Stream.filter((step) => step !== undefined))
        })
      )
})
