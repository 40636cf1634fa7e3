/** The course of training: which batches make an update, and which update ends an epoch. Does not use Effect. */
import { random } from "../../pipeline/random.ts"
import type { Batch, ImageFacts, NetworkFacts, TrainState, TrainStep } from "../elements.ts"
import type { Model } from "../model/model.ts"
import type { EpochEnd } from "../model/weights/checkpoints.ts"
import { checkBatch, checkLoss, checkNetwork, checkPixels, checkSingleLabels, checkSoft } from "./checks.ts"
import type { CrossBatchOptions } from "./cross-batch.ts"
import { hardLoss, type LossParams, oneLabelLoss } from "./losses.ts"
import { afterEpoch, rateAt, type Schedule, type ScheduleState, scheduleStart } from "./schedule.ts"
import { TrainError } from "./train-error.ts"
import type { Trainer } from "./trainer.ts"

export interface CourseParams extends LossParams {
  readonly learning_rate: number
  readonly schedule: Schedule
  readonly update_iter: number
  readonly xbm?: CrossBatchOptions | undefined
}

export interface CourseOptions {
  readonly model: Model
  readonly trainer: Trainer
  readonly params: CourseParams
  readonly seed: number
  /**
   * The step after which training continues. It is given again, since the run may have stopped before later operators
   * received it.
   */
  readonly resumed: EpochEnd | undefined
  /** Normalisation and sizing of the images, if the steps before are known. */
  readonly images?: Pick<ImageFacts, "normalisation" | "sizing">
}

type Maybe = TrainStep | undefined

/**
 * Training, driven batch by batch. A step is known to be the last of its epoch only when the next batch arrives or the
 * stream ends, so each step waits until then.
 *
 * Call `finish`, `close` and `take` in this order for every batch, and `finish` and `close` with `undefined` at the end. Each
 * returns a complete step or `undefined`. Process a step before the next call: an epoch must be saved before the next epoch
 * can fail.
 */
export interface Course {
  /** Makes the update of the batches that are left over at the end of an epoch. */
  readonly finish: (next: Batch | undefined) => Maybe
  /** Gives the last step of an epoch, with the state after it. */
  readonly close: (next: Batch | undefined) => Maybe
  /** Adds a batch, and makes the update once there are enough batches. */
  readonly take: (batch: Batch) => Maybe
}

/** Fields of a step that later operators fill in. */
const unseen = { state: undefined, validation: undefined } as const

const imagesIn = (batches: ReadonlyArray<Batch>): number => batches.reduce((sum, { size }) => sum + size, 0)

/** The learning rate of each update, which may depend on the mean losses of earlier epochs. */
const rates = ({ learning_rate, schedule }: CourseParams, start: ScheduleState) => {
  let memory = start
  let epoch = { sum: 0, steps: 0 }
  return {
    at: (epoch: number, update: number) => rateAt(schedule, learning_rate, { epoch, update }, memory),
    add: (loss: number) => {
      epoch = { sum: epoch.sum + loss, steps: epoch.steps + 1 }
    },
    /** Ends an epoch, and returns the state of the schedule after it. */
    end: (): TrainState["schedule"] => {
      if (epoch.steps > 0) memory = afterEpoch(schedule, memory, epoch.sum / epoch.steps)
      epoch = { sum: 0, steps: 0 }
      return { ...memory }
    }
  }
}

/** Makes updates from groups of batches, and the state after the last update of an epoch. */
const updating = ({ images: known, model, params, resumed, seed, trainer }: CourseOptions) => {
  const { model: _, ...configuration } = params as CourseParams & { readonly model?: unknown }
  const rate = rates(params, (resumed?.state.schedule as ScheduleState | undefined) ?? scheduleStart)
  let facts = resumed?.state.network
  let images = resumed?.state.images
  return {
    /** Network, bands and classes of the batches so far. */
    facts: () => facts,
    update: (group: ReadonlyArray<Batch>): TrainStep => {
      const [{ bands, classes, epoch, height, width }] = group
      const step = trainer.updates()
      const learningRate = rate.at(epoch, step)
      const found = trainer.step(group, learningRate, random(seed, epoch, step, "mining").int)
      const { floor, id: idLoss, metric: metricLoss, total: loss } = found
      checkLoss(loss, group, step)
      facts = { model: model.params, bands, classes }
      images = { height, width, ...known }
      rate.add(loss)
      return {
        kind: "step",
        epoch,
        step,
        images: imagesIn(group),
        learningRate,
        loss,
        idLoss,
        metricLoss,
        floor,
        ...unseen
      }
    },
    ended: (step: TrainStep): TrainStep => {
      const state: TrainState = {
        ...trainer.state(),
        epoch: step.epoch + 1,
        learningRate: step.learningRate,
        schedule: rate.end(),
        seed,
        configuration: configuration as unknown as TrainState["configuration"],
        network: facts as NetworkFacts,
        ...(images === undefined ? {} : { images })
      }
      return { ...step, state }
    }
  }
}

const noBatch = () =>
  new TrainError({
    subject: "optimise",
    problem: "no batch arrived, so nothing was trained",
    remedy: "Read a split that has images, and make batches no larger than the split"
  })

/** Makes the course of a training. */
export const courseOf = (options: CourseOptions): Course => {
  const { model, params, resumed, trainer } = options
  const { ended, facts, update } = updating(options)
  let group: ReadonlyArray<Batch> = []
  let pending: Maybe = resumed
  const exchanged = (): Maybe => {
    const before = pending
    pending = update(group)
    group = []
    return before
  }
  const oneLabel = oneLabelLoss(params)
  const hard = hardLoss(params)
  const check = (batch: Batch): void => {
    const known = facts()
    checkBatch(batch, model)
    if (known !== undefined) checkNetwork(batch, known)
    if (oneLabel !== undefined) checkSingleLabels(batch, oneLabel)
    checkSoft(batch, hard, params.xbm !== undefined)
    checkPixels(batch, trainer.updates())
  }
  return {
    finish: (next) => (group.length > 0 && group[0].epoch !== next?.epoch ? exchanged() : undefined),
    close: (next) => {
      if (pending === undefined && next === undefined) throw noBatch()
      if (pending === undefined || pending.epoch === next?.epoch) return undefined
      const last = pending
      pending = undefined
      return ended(last)
    },
    take: (batch) => {
      check(batch)
      group = [...group, batch]
      return group.length === params.update_iter ? exchanged() : undefined
    }
  }
}
