/** Progress and times of the stages of a pipeline. */
import type { Waits } from "../../pipeline/ahead.ts"
import type { Running } from "../../pipeline/watch.ts"

/** The state of one stage. */
export interface Stage {
  name: string
  elements: number
  total: number | undefined
  /** Seconds spent waiting for this stage, including the stages before it. */
  seconds: number
  /** Set if the stages before run ahead of this one. */
  waits: Waits | undefined
  /** Its latest words. */
  note: string | undefined
  ended: boolean
}

/** Times of one stage, for the record. */
export interface StageTiming {
  readonly stage: string
  readonly elements: number
  /** Its own time, without the stages before it. Stages that run ahead of others overlap with them. */
  readonly seconds: number
  /** For a network whose batches are prepared while it computes: how long it waited for batches, and batches for it. */
  readonly waits?: Waits
}

/** Fraction of a stage that is done; for a stage without a total, the fraction of the stage before it. */
export const fractionOf = (stages: ReadonlyArray<Stage>, index: number): number | undefined => {
  for (let i = index; i >= 0; i--) {
    const { elements, ended, total } = stages[i]
    if (i === index && ended) return 1
    if (total !== undefined) return total === 0 ? 1 : elements / total
  }
  return undefined
}

/** Seconds of a stage without the stages before it. */
export const ownSeconds = (stages: ReadonlyArray<Stage>, index: number): number => {
  const { seconds, waits } = stages[index]
  return Math.max(0, seconds - (waits?.forInput ?? (index === 0 ? 0 : stages[index - 1].seconds)))
}

const unnamed = (): Stage => ({
  name: "",
  elements: 0,
  total: undefined,
  seconds: 0,
  waits: undefined,
  note: undefined,
  ended: false
})

/** The stages of one pipeline, in order. If a pipeline fails early, some stages have not begun. */
export class Stages {
  readonly all: Array<Stage> = []

  /** The state of a stage, which begins with the first call. */
  of({ index, step }: Running): Stage {
    while (this.all.length <= index) this.all.push(unnamed())
    const stage = this.all[index]
    if (stage.name === "") stage.name = step.name
    return stage
  }

  /** Indices of the stages that have begun. */
  begun(): ReadonlyArray<number> {
    return this.all.flatMap(({ name }, i) => (name === "" ? [] : [i]))
  }

  /** Indices of the stages that emitted an element or ended: a stage that failed at once, and those after it, are left out. */
  productive(): ReadonlyArray<number> {
    return this.begun().filter((i) => this.all[i].elements > 0 || this.all[i].ended)
  }

  /** Index of the stage with the most time of its own. */
  busiest(): number {
    return this.all.reduce((best, _, i) => (ownSeconds(this.all, i) > ownSeconds(this.all, best) ? i : best), 0)
  }

  /** Index of the stage that one line is about: the last one that says something of itself, else the busiest one. */
  telling(): number {
    const speaking = this.all.findLastIndex(({ ended, note }) => note !== undefined && !ended)
    return speaking < 0 ? this.busiest() : speaking
  }

  /** Times of the stages that have begun. */
  timings(): ReadonlyArray<StageTiming> {
    return this.begun().map((i) => {
      const { elements, name, waits } = this.all[i]
      const timing = { stage: name, elements, seconds: ownSeconds(this.all, i) }
      return waits === undefined ? timing : { ...timing, waits }
    })
  }
}
