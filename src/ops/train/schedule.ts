/** Schedules: the learning rate over a training run, as a base rate, a factor per epoch, and a warm-up per update. */
import {
  type Choice,
  chosenFrom,
  count,
  type Definition,
  type Own,
  type OwnParams,
  positive
} from "../../pipeline/definition.ts"
import { named } from "../../pipeline/named.ts"

/** What a schedule remembers between epochs. */
export interface ScheduleState {
  /** Lowest mean loss of an epoch so far; null before the first. */
  readonly best: number | null
  /** Epochs since then. */
  readonly waited: number
  /** Number of times that the rate was lowered. */
  readonly lowered: number
}

export const scheduleStart: ScheduleState = { best: null, waited: 0, lowered: 0 }

/** Everything about a schedule: its name in configurations, its parameters, and its factor. */
interface ScheduleDefinition<Name extends string = string, P extends OwnParams = OwnParams>
  extends Definition<Name, P> {
  /** Factor of the rate in an epoch, from 0. */
  factor(own: Own<P>, epoch: number, state: ScheduleState): number
  /** What is remembered after an epoch with this mean loss; schedules without it remember nothing. */
  after?(own: Own<P>, state: ScheduleState, meanLoss: number): ScheduleState
}

const warm_up = count("Updates over which the rate grows linearly (Goyal et al. 2017); 1 for none.", 1)

/** Declares a schedule; every schedule can be warmed up. */
const defineSchedule = <const Name extends string, const P extends OwnParams>(
  definition: ScheduleDefinition<Name, P>
): ScheduleDefinition<Name, P & { readonly warm_up: typeof warm_up }> => ({
  ...definition,
  params: { ...definition.params, warm_up }
})

const exponential = defineSchedule({
  name: "exponential",
  title: "gamma to the power of the epoch",
  params: { gamma: positive("Factor per epoch; the original's is exp(-0.01).", Math.exp(-0.01)) },
  factor: ({ gamma }, epoch) => gamma ** epoch
})

const cosine = defineSchedule({
  name: "cosine",
  title: "(1 + cos(pi epoch / epochs)) / 2, without restarts",
  source: "Loshchilov and Hutter, ICLR 2017, equation 5",
  params: { epochs: count("Epochs until the rate is 0.") },
  factor: ({ epochs }, epoch) => (1 + Math.cos((Math.PI * Math.min(epoch, epochs)) / epochs)) / 2
})

const cosineRestarts = defineSchedule({
  name: "cosine_restarts",
  title: "(1 + cos(pi e / n)) / 2 in epoch e of a cycle of n epochs, which then begins anew",
  source: "Loshchilov and Hutter, ICLR 2017, equation 5",
  params: {
    epochs: count("Epochs of the first cycle."),
    longer: count("Factor by which each cycle is longer than the one before it.", 1)
  },
  factor: ({ epochs, longer }, epoch) => {
    let [within, length] = [epoch, epochs]
    while (within >= length) {
      within -= length
      length *= longer
    }
    return (1 + Math.cos((Math.PI * within) / length)) / 2
  }
})

const step = defineSchedule({
  name: "step",
  title: "gamma to the power of floor(epoch / every)",
  params: { gamma: positive("Factor per step.", 0.1), every: count("Epochs per step.", 30) },
  factor: ({ every, gamma }, epoch) => gamma ** Math.floor(epoch / every)
})

/** A loss must be lower by this share to count as better, as in PyTorch. */
const BETTER = 1e-4

const plateau = defineSchedule({
  name: "plateau",
  title: "1 at first, then multiplied by gamma each time that the mean training loss has stopped falling",
  params: {
    gamma: positive("Factor of each reduction.", 0.1),
    patience: count(
      "Number of epochs in a row without improvement that are accepted; one more reduces the rate. An improvement lowers the loss by more than 0.01 %.",
      10
    )
  },
  factor: ({ gamma }, _, { lowered }) => gamma ** lowered,
  after: ({ patience }, state, meanLoss) => {
    if (state.best === null || meanLoss < state.best * (1 - BETTER)) return { ...state, best: meanLoss, waited: 0 }
    const waited = state.waited + 1
    return waited > patience ? { ...state, waited: 0, lowered: state.lowered + 1 } : { ...state, waited }
  }
})

const constant = defineSchedule({ name: "constant", title: "1", params: {}, factor: () => 1 })

/** Every schedule. A new one is a definition above and its name here. */
const schedules = [exponential, cosine, cosineRestarts, step, plateau, constant] as const

/** A schedule as the parameter `schedule` chooses it. */
export type Schedule = Choice<(typeof schedules)[number]>

export const scheduleParam = named(schedules, "How the learning rate changes.", "exponential")

const chosen = (schedule: Schedule) => {
  const found = chosenFrom<ScheduleDefinition>(schedules, schedule)
  if (found === undefined) throw new TypeError(`there is no schedule ${JSON.stringify(schedule)}`)
  return found
}

/** What a schedule remembers after an epoch with this mean loss. */
export const afterEpoch = (schedule: Schedule, state: ScheduleState, meanLoss: number): ScheduleState => {
  const { definition, own } = chosen(schedule)
  return definition.after?.(own, state, meanLoss) ?? state
}

/**
 * The learning rate of one update.
 *
 * @param epoch from 0
 * @param update from 0, over the whole run
 * @example
 * const at = { epoch: 2, update: 0 }
 * rateAt({ name: "step", gamma: 0.5, every: 1 }, 0.1, at, scheduleStart) // => 0.025
 */
export const rateAt = (
  schedule: Schedule,
  base: number,
  { epoch, update }: { readonly epoch: number; readonly update: number },
  state: ScheduleState
): number => {
  const { definition, own } = chosen(schedule)
  return base * definition.factor(own, epoch, state) * Math.min(1, (update + 1) / (own.warm_up as number))
}
