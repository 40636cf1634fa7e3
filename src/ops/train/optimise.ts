/** The operator that trains: it takes batches and gives one step per update; the last step of an epoch holds the state. */
import { join } from "node:path"
import { Clock, Effect, Schema, Stream } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import type { Misfit } from "../../pipeline/check.ts"
import { decodeRecorded } from "../../pipeline/decode.ts"
import { operator } from "../../pipeline/operator.ts"
import { Compat, Fraction, NonNegative, optional, Positive, PositiveInt, param } from "../../pipeline/param.ts"
import { peeked } from "../../pipeline/peek.ts"
import type { Step } from "../../pipeline/step.ts"
import { counted, messageOf } from "../../pipeline/words.ts"
import { BATCHES_AHEAD, Batch, TrainStep } from "../elements.ts"
import { DataError } from "../formats/data-error.ts"
import { completed } from "../model/architecture.ts"
import { isSingle } from "../model/heads/parts.ts"
import { drawnWeights, type Model, makeModel } from "../model/model.ts"
import { type CheckpointError, WeightsError } from "../model/model-error.ts"
import { constantsOf, sizingOf } from "../model/normalisation.ts"
import { type GivenModel, ModelParams, pretrainedFile } from "../model/params.ts"
import { checkpointPath, type EpochEnd, readCheckpoint } from "../model/weights/checkpoints.ts"
import { startingWeights } from "../model/weights/start.ts"
import { FirstEpoch, Run } from "../run.ts"
import { type Engine, trainingEngine } from "../tensor/engine.ts"
import { onThreads } from "../tensor/tiles/team.ts"
import { withoutGraph } from "../tensor/without-graph.ts"
import { checkBatch, checkLosses } from "./checks.ts"
import { type Course, type CourseParams, courseOf } from "./course.ts"
import { type CrossBatchOptions, crossBatchParam } from "./cross-batch.ts"
import { teamOfRun } from "./losses/team.ts"
import { type LossParams, learnedOf, lossesOf, lossParams, metricFaults, settledWeights } from "./losses.ts"
import { type OptimiserChoice, optimiserParam, zeroMoments } from "./optimisers.ts"
import { paceOf, wordsOf } from "./pace.ts"
import { type PartParams, parted, partFaults, partParams } from "./part-rates.ts"
import { checkResumed } from "./resume.ts"
import { scheduleParam } from "./schedule.ts"
import { TrainError } from "./train-error.ts"
import { makeTrainer } from "./trainer.ts"

type Explained = TrainError | WeightsError | CheckpointError

/** Words by which TensorFlow and JavaScript report that no memory is left. */
const FULL = /OOM|out of memory|RESOURCE_EXHAUSTED|allocation failed/i

/**
 * The error of a training step. A RangeError comes from images whose shape does not fit; any other error without a tag is a
 * fault of orbitrank.
 */
const asTrainError = (cause: unknown): Explained => {
  if (cause instanceof Error && "_tag" in cause) return cause as Explained
  const message = messageOf(cause).replace(/\.$/, "")
  const failed = (problem: string, remedy: string) =>
    new TrainError({ subject: "training step", problem, remedy, cause })
  if (FULL.test(message)) return failed(`does not fit the memory (${message})`, "Use smaller batches or images")
  if (cause instanceof RangeError) return failed(message, "Check the size of the images")
  const { stack = message } = cause instanceof Error ? cause : {}
  return failed(`failed (${stack})`, "This is a fault of orbitrank itself: please report it")
}

const trying = <A>(body: () => A) => Effect.mapError(attempt(Error)(body), asTrainError)

/** Bands and classes if there is no batch: in checks before data is read, and in training without a batch, which fails. */
const NO_DATA = { bands: ["none"], classes: [] }

const declared = {
  model: param(ModelParams, "The network."),
  ...lossParams,
  loss_weight: param(Schema.Tuple([NonNegative, NonNegative]), "Weights of id loss and metric loss.", [1, 1]),
  optimizer: optimiserParam,
  learning_rate: param(Positive, "Learning rate of the first epoch.", 2e-3),
  schedule: scheduleParam,
  clip_norm: optional(Positive, "Largest norm of all gradients together; larger ones are scaled down to it."),
  ema: optional(
    Fraction,
    "Decay of moving averages of all weights, such as 0.999; validation, embeddings and published weights use the averages."
  ),
  ...partParams,
  xbm: crossBatchParam,
  update_iter: param(PositiveInt, "Number of batches per update; they count as one batch.", 1),
  compat: param(
    Compat,
    "`original`: triplet_hard may draw the anchor as its own positive; xent accepts images of several labels.",
    "none"
  )
}

/** Parameters whose combination is checked; checkpoints record them without the network. */
type Settled = LossParams & PartParams & { readonly model?: GivenModel; readonly xbm: CrossBatchOptions | undefined }

/** Faults of the parts of the network that parameters name. */
const faultsOfParts = (params: Settled): ReadonlyArray<Misfit> =>
  params.model === undefined || (params.freeze === undefined && params.rates === undefined)
    ? []
    : partFaults(makeModel(completed(params.model, NO_DATA)), params, params.id_loss !== "none")

/** Checks parts and the weights of losses, and sets the weight of a loss that is `none` to 1. */
const settle = <P extends Settled>(params: P) => {
  const { faults, weights } = settledWeights(params)
  const parts = params.model?.parts !== undefined && !isSingle(params.model.parts)
  const signed = parts || params.model === undefined || params.model.embedding_dim !== undefined
  const more = [...metricFaults(params, { memory: params.xbm !== undefined, parts, signed }), ...faultsOfParts(params)]
  return { params: { ...params, loss_weight: weights }, faults: [...faults, ...more] }
}

/** Parameters that a checkpoint records, in the form of this version. */
const recorded = (configuration: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  decodeRecorded(optimise, configuration)

interface TrainerParams extends CourseParams, PartParams {
  readonly optimizer: OptimiserChoice
  readonly clip_norm: number | undefined
  readonly ema: number | undefined
  readonly xbm: CrossBatchOptions | undefined
}

/** Everything that a trainer is made from. */
interface Beginning {
  readonly tensors: Engine
  readonly model: Model
  readonly params: TrainerParams
  readonly first: Batch | undefined
}

/** The start of a new training: drawn weights, or those of a file with bands and classes in the order of the first batch. */
const fresh = Effect.fnUntraced(function* ({ first, model, params }: Beginning) {
  const moments = zeroMoments(parted(model, params).parameters, params.optimizer)
  const { seed } = yield* Run
  if (first === undefined) return { weights: drawnWeights(model, seed), moments, step: 0 }
  yield* trying(() => checkBatch(first, model))
  return { weights: (yield* startingWeights(model, first, "nothing")).arrays, moments, step: 0 }
})

/** The state after an epoch, once it is known to belong to this training. */
const resumable = Effect.fnUntraced(function* ({ first, model, params }: Beginning, from: EpochEnd) {
  const { folder, seed } = yield* Run
  const path = checkpointPath(join(folder, "checkpoints"), from.state.epoch)
  yield* trying(() => checkResumed(path, from, { model, configuration: { ...params }, recorded, seed, data: first }))
  return from.state
})

/** A trainer that lives as long as the scope: new, or in the state after an epoch. */
const opened = Effect.fnUntraced(function* (beginning: Beginning, resumed: EpochEnd | undefined) {
  const { model, params, tensors } = beginning
  const losses = { ...lossesOf(params), team: yield* teamOfRun }
  yield* trying(() => checkLosses(losses))
  yield* onThreads(tensors)
  const start = yield* resumed === undefined ? fresh(beginning) : resumable(beginning, resumed)
  const { clip_norm: clip, ema, optimizer: optimiser, xbm } = params
  const { seed } = yield* Run
  const learned = learnedOf(params.metric_loss, { classes: model.params.num_classes, dim: model.dim })
  const options = { losses, optimiser, clip, ema, xbm, learned, seed, parts: params }
  return yield* Effect.acquireRelease(
    trying(() => makeTrainer(tensors, model, options, start)),
    (trainer) => Effect.sync(() => trainer.dispose())
  )
})

/** Normalisation and sizing of the training images, for the files of weights. */
const imagesOf = Effect.fnUntraced(function* (before: ReadonlyArray<Step>, { bands }: Batch) {
  const { root } = yield* Run
  return yield* attempt(
    DataError,
    WeightsError
  )(() => ({
    normalisation: constantsOf(before, bands, root),
    sizing: sizingOf(before)
  }))
})

type Note = ((words: string) => void) | undefined

/** The steps of all batches, in their order. The note of each says its loss and the pace. */
const stepsOf = (
  batches: Stream.Stream<Batch, never>,
  { close, finish, take }: Course,
  note: Note,
  report: Effect.Effect<void, never, Run>
) => {
  const pace = paceOf()
  const timed = (batch: Batch) =>
    Effect.gen(function* () {
      const begun = yield* Clock.currentTimeMillis
      const step = yield* trying(() => take(batch))
      pace.add(batch.size, ((yield* Clock.currentTimeMillis) - begun) / 1000)
      yield* report
      if (step !== undefined) note?.(`${wordsOf(step)}, ${pace.words()}`)
      return step
    })
  const once = (body: () => TrainStep | undefined) => Stream.fromEffect(trying(body))
  const before = (next: Batch | undefined) =>
    Stream.concat(
      once(() => finish(next)),
      once(() => close(next))
    )
  return Stream.flatMap(batches, (batch) => Stream.concat(before(batch), Stream.fromEffect(timed(batch)))).pipe(
    Stream.concat(before(undefined)),
    Stream.filter((step) => step !== undefined)
  )
}

export const optimise = operator({
  name: "optimise",
  about: "Trains a network: forward pass, losses, backward pass and one update per batch, or per several batches.",
  from: Batch,
  to: TrainStep,
  params: declared,
  ahead: BATCHES_AHEAD,
  declares: {
    trains: true,
    network: ({ model }) => model,
    reads: ({ model }) => pretrainedFile(model),
    faults: ({ model: { num_classes } }, { classes }) =>
      num_classes === undefined || classes === undefined || num_classes === classes
        ? []
        : [
            {
              path: ["model", "num_classes"],
              key: false,
              problem: `is ${num_classes}, but the labels have ${counted(classes, "class", "classes")}; omit it, or set it to ${classes}`
            }
          ]
  },
  settle,
  run:
    (params, { before, note }) =>
    (batches) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const { folder, seed } = yield* Run
          const epoch = yield* FirstEpoch
          const tensors = yield* trainingEngine
          const resumed = epoch > 0 ? yield* readCheckpoint(join(folder, "checkpoints"), epoch) : undefined
          const { first, all } = yield* peeked(batches)
          const model = makeModel(completed(params.model, first ?? resumed?.state.network ?? NO_DATA))
          const trainer = yield* opened({ tensors, model, params, first }, resumed)
          const images = before === undefined || first === undefined ? {} : yield* imagesOf(before, first)
          return stepsOf(all, courseOf({ model, trainer, params, seed, resumed, images }), note, withoutGraph(tensors))
        })
      )
})
