/** The step size over a training run: a base rate, a factor by epoch, and a warm-up by update. */
import { Schema } from "effect"
import { choice, Positive, PositiveInt } from "../../pipeline/param.ts"

/** What each schedule takes beside its name and `warm_up`, which goes with all. */
const KEYS = {
  exponential: ["gamma"],
  cosine: ["epochs"],
  step: ["gamma", "every"],
  plateau: ["gamma", "patience"],
  constant: []
} as const

const names = Object.keys(KEYS) as ReadonlyArray<keyof typeof KEYS>

/** A key of another schedule would say nothing. */
const ownKeysOf = (name: keyof typeof KEYS) => {
  const allowed: ReadonlyArray<string> = ["name", ...KEYS[name], "warm_up"]
  return Schema.makeFilter(
    (given: { readonly name: string }) =>
      given.name !== name || Object.keys(given).every((key) => allowed.includes(key)) || "keys of another schedule",
    { expected: `of the schedule ${name} no keys but ${allowed.join(", ")}; see docs/training.md` }
  )
}

/** How the rate goes, as the parameter `schedule` of `optimise` says it. */
export const Schedule = Schema.Struct({
  name: choice(...names),
  gamma: Schema.optionalKey(Positive),
  every: Schema.optionalKey(PositiveInt),
  epochs: Schema.optionalKey(PositiveInt),
  patience: Schema.optionalKey(PositiveInt),
  warm_up: Schema.optionalKey(PositiveInt)
}).check(
  ownKeysOf("exponential"),
  ownKeysOf("cosine"),
  ownKeysOf("step"),
  ownKeysOf("plateau"),
  ownKeysOf("constant"),
  Schema.makeFilter(
    ({ epochs, name }: { name: string; epochs?: number }) => name !== "cosine" || epochs !== undefined || "no length",
    {
      expected:
        "a mapping of name (cosine with epochs) and, if wanted, gamma, every, patience, warm_up; see docs/training.md"
    }
  )
)
export type Schedule = typeof Schedule.Type

/** What a plateau remembers between epochs. */
export interface ScheduleState {
  /** Lowest mean loss of an epoch so far; null before the first. */
  readonly best: number | null
  /** Epochs since then. */
  readonly waited: number
  /** Times that the rate was lowered. */
  readonly lowered: number
}

export const scheduleStart: ScheduleState = { best: null, waited: 0, lowered: 0 }

/** A loss must be lower by this share to count as better, as in PyTorch. */
const BETTER = 1e-4

/** Mean loss that falls no longer: after `patience` epochs without a better one the rate is lowered. */
export const afterEpoch = (schedule: Schedule, state: ScheduleState, meanLoss: number): ScheduleState => {
  if (schedule.name !== "plateau") return state
  if (state.best === null || meanLoss < state.best * (1 - BETTER)) return { ...state, best: meanLoss, waited: 0 }
  const waited = state.waited + 1
  return waited > (schedule.patience ?? 10) ? { ...state, waited: 0, lowered: state.lowered + 1 } : { ...state, waited }
}

const factor = (
  { epochs = 1, every = 30, gamma, name }: Schedule,
  epoch: number,
  { lowered }: ScheduleState
): number => {
  switch (name) {
    case "exponential":
      return (gamma ?? Math.exp(-0.01)) ** epoch
    case "cosine":
      return (1 + Math.cos((Math.PI * Math.min(epoch, epochs)) / epochs)) / 2
    case "step":
      return (gamma ?? 0.1) ** Math.floor(epoch / every)
    case "plateau":
      return (gamma ?? 0.1) ** lowered
    case "constant":
      return 1
  }
}

/**
 * The rate of one update.
 *
 * - exponential: gamma^epoch, gamma exp(-0.01), the original's
 * - cosine: (1 + cos(pi epoch / epochs)) / 2 (Loshchilov and Hutter, ICLR 2017, equation 5, without restarts)
 * - step: gamma^floor(epoch / every), gamma 0.1, every 30
 * - plateau: gamma^(times lowered), gamma 0.1, patience 10
 * - warm_up: the first so many updates grow linearly (Goyal et al. 2017)
 *
 * @param epoch from 0
 * @param update from 0, over the whole run
 */
export const rateAt = (
  schedule: Schedule,
  base: number,
  { epoch, update }: { readonly epoch: number; readonly update: number },
  state: ScheduleState
): number => base * factor(schedule, epoch, state) * Math.min(1, (update + 1) / (schedule.warm_up ?? 1))
