/** The course of training: which batches make an update, and which update ends an epoch. Pure of Effect. */
import { random } from "../../pipeline/random.ts"
import type { Batch, NetworkFacts, TrainState, TrainStep } from "../elements.ts"
import type { Model } from "../model/model.ts"
import type { EpochEnd } from "./checkpoints.ts"
import { checkBatch, checkLoss, checkNetwork, checkPixels, checkSingleLabels } from "./checks.ts"
import { TrainError } from "./errors.ts"
import type { LossParams } from "./objectives.ts"
import { afterEpoch, rateAt, type Schedule, type ScheduleState, scheduleStart } from "./schedule.ts"
import type { Trainer } from "./trainer.ts"

export interface CourseParams extends LossParams {
  readonly learning_rate: number
  readonly schedule: Schedule
  readonly update_iter: number
}

export interface CourseOptions {
  readonly model: Model
  readonly trainer: Trainer
  readonly params: CourseParams
  readonly seed: number
  /**
   * The step that training goes on after. It is given once more, since the run may have stopped before the operators that
   * follow had seen it.
   */
  readonly resumed: EpochEnd | undefined
}

type Maybe = TrainStep | undefined

/**
 * Whether a step was the last of its epoch is known only when the next batch comes, or none: so each step waits for that.
 * For every batch `finish`, `close` and `take` are called in turn, at the end `finish` and `close` with nothing. Each gives a
 * step that is then complete, or none; what it gives is to be used up before the next is called, so that an epoch is saved
 * before anything of the next one can fail.
 */
export interface Course {
  /** Makes the update of batches that are left over at the end of an epoch. */
  readonly finish: (next: Batch | undefined) => Maybe
  /** Gives the last step of an epoch, with the state after it. */
  readonly close: (next: Batch | undefined) => Maybe
  /** Adds a batch, and makes the update where there are enough. */
  readonly take: (batch: Batch) => Maybe
}

/** What is not known of a step yet. */
const unseen = { state: undefined, validation: undefined } as const

const imagesIn = (batches: ReadonlyArray<Batch>): number => batches.reduce((sum, { size }) => sum + size, 0)

export const courseOf = ({ model, trainer, params, seed, resumed }: CourseOptions): Course => {
  const { model: _, ...configuration } = params as CourseParams & { readonly model?: unknown }
  let group: Array<Batch> = []
  let pending: Maybe = resumed
  let facts: NetworkFacts | undefined = resumed?.state.network
  let memory = (resumed?.state.schedule as ScheduleState | undefined) ?? scheduleStart
  /** Losses of this epoch. */
  let epoch = { sum: 0, steps: 0 }

  const ended = (step: TrainStep): TrainStep => {
    if (epoch.steps > 0) memory = afterEpoch(params.schedule, memory, epoch.sum / epoch.steps)
    epoch = { sum: 0, steps: 0 }
    const state: TrainState = {
      ...trainer.state(),
      epoch: step.epoch + 1,
      learningRate: step.learningRate,
      schedule: { ...memory },
      seed,
      configuration: configuration as unknown as TrainState["configuration"],
      network: facts as NetworkFacts
    }
    return { ...step, state }
  }

  const update = (): TrainStep => {
    const [{ epoch: at, bands, classes }] = group
    const step = trainer.updates()
    const learningRate = rateAt(params.schedule, params.learning_rate, { epoch: at, update: step }, memory)
    const { total: loss, id, metric, floor } = trainer.step(group, learningRate, random(seed, at, step, "mining").int)
    checkLoss(loss, group, step)
    facts = { model: model.params, bands, classes }
    const images = imagesIn(group)
    group = []
    epoch = { sum: epoch.sum + loss, steps: epoch.steps + 1 }
    return {
      kind: "step",
      epoch: at,
      step,
      images,
      learningRate,
      loss,
      idLoss: id,
      metricLoss: metric,
      floor,
      ...unseen
    }
  }

  const exchanged = (): Maybe => {
    const before = pending
    pending = update()
    return before
  }
  return {
    finish: (next) => (group.length > 0 && group[0].epoch !== next?.epoch ? exchanged() : undefined),
    close: (next) => {
      if (pending === undefined && next === undefined) {
        throw new TrainError({
          subject: "optimise",
          problem: "no batch came, so nothing was trained",
          remedy: "Read a split that has images, and make batches no larger than it"
        })
      }
      if (pending === undefined || pending.epoch === next?.epoch) return undefined
      const last = pending
      pending = undefined
      return ended(last)
    },
    take: (batch) => {
      checkBatch(batch, model)
      if (facts !== undefined) checkNetwork(batch, facts)
      if (params.id_loss === "xent" && params.compat !== "original") checkSingleLabels(batch)
      checkPixels(batch, trainer.updates())
      group = [...group, batch]
      return group.length === params.update_iter ? exchanged() : undefined
    }
  }
}
