/** How far the stages of a pipeline are, and what each took. */
import type { Waits } from "../pipeline/ahead.ts"
import type { Running } from "../pipeline/watch.ts"

export interface Stage {
  name: string
  elements: number
  total: number | undefined
  /** Seconds spent waiting for this stage, those before included. */
  seconds: number
  /** Where the stages before run ahead of this one. */
  waits: Waits | undefined
  /** What it said of itself last. */
  note: string | undefined
  ended: boolean
}

/** What one stage took, for the record. */
export interface StageTiming {
  readonly stage: string
  readonly elements: number
  /** Own time: without the stages before it. Stages that run ahead of others overlap. */
  readonly seconds: number
  /** Of a network, before which batches are made while it computes: how long it waited for them, and they for it. */
  readonly waits?: Waits
}

/** How far a stage is; one that knows no total is as far as the one before it. */
export const fractionOf = (stages: ReadonlyArray<Stage>, index: number): number | undefined => {
  for (let i = index; i >= 0; i--) {
    const { elements, ended, total } = stages[i]
    if (i === index && ended) return 1
    if (total !== undefined) return total === 0 ? 1 : elements / total
  }
  return undefined
}

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

/** The stages of one pipeline, in order. Of a pipeline that fails at once, perhaps not all have begun. */
export class Stages {
  readonly all: Array<Stage> = []

  /** The stage that runs; it has begun when first asked for. */
  of({ index, step }: Running): Stage {
    while (this.all.length <= index) this.all.push(unnamed())
    const stage = this.all[index]
    if (stage.name === "") stage.name = step.name
    return stage
  }

  /** Indices of those that have begun. */
  begun(): ReadonlyArray<number> {
    return this.all.flatMap(({ name }, i) => (name === "" ? [] : [i]))
  }

  /** Indices of those that gave an element or came to their end: not of one that failed at once, nor of those after it. */
  productive(): ReadonlyArray<number> {
    return this.begun().filter((i) => this.all[i].elements > 0 || this.all[i].ended)
  }

  /** Index of the one that took most time of its own. */
  busiest(): number {
    return this.all.reduce((best, _, i) => (ownSeconds(this.all, i) > ownSeconds(this.all, best) ? i : best), 0)
  }

  timings(): ReadonlyArray<StageTiming> {
    return this.begun().map((i) => {
      const { elements, name, waits } = this.all[i]
      const timing = { stage: name, elements, seconds: ownSeconds(this.all, i) }
      return waits === undefined ? timing : { ...timing, waits }
    })
  }
}
