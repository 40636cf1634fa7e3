/** Progress on a terminal (one bar a stage, redrawn in place) or, where there is none, as plain lines. */
import type { Waits } from "../pipeline/ahead.ts"
import type { Running, Watcher } from "../pipeline/watch.ts"

/** Where lines go, and the time in milliseconds. */
export interface Screen {
  readonly terminal: boolean
  readonly columns: () => number
  readonly write: (text: string) => void
  readonly now: () => number
}

interface Stage {
  readonly name: string
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

export interface Progress {
  readonly watcher: Watcher
  readonly say: (line: string) => void
  readonly begin: (pipeline: string) => void
  /** Ends the current pipeline and gives its timings. */
  readonly end: () => ReadonlyArray<StageTiming>
}

const REDRAW_MS = 100
const PLAIN_LINE_MS = 10_000

const bar = (fraction: number, width: number): string => {
  const filled = Math.round(Math.min(Math.max(fraction, 0), 1) * width)
  return "█".repeat(filled) + "░".repeat(width - filled)
}

const seconds = (s: number): string => (s < 9.95 ? `${s.toFixed(1)} s` : `${Math.round(s)} s`)

const left = (s: number): string =>
  s < 100 ? `${Math.round(s)} s left` : s < 6000 ? `${Math.round(s / 60)} min left` : `${(s / 3600).toFixed(1)} h left`

/** How far a stage is; one that knows no total is as far as the one before it. */
const fractionOf = (stages: ReadonlyArray<Stage>, index: number): number | undefined => {
  for (let i = index; i >= 0; i--) {
    const { elements, ended, total } = stages[i]
    if (i === index && ended) return 1
    if (total !== undefined) return total === 0 ? 1 : elements / total
  }
  return undefined
}

const ownSeconds = (stages: ReadonlyArray<Stage>, index: number): number => {
  const { seconds, waits } = stages[index]
  return Math.max(0, seconds - (waits?.forInput ?? (index === 0 ? 0 : stages[index - 1].seconds)))
}

/** What a stage that others run ahead of waited, and they, each as a share of waiting and working. */
const waitsLine = (stages: ReadonlyArray<Stage>, index: number): ReadonlyArray<string> => {
  const { name, waits } = stages[index]
  if (waits === undefined) return []
  const { forInput, ofInput } = waits
  const shown = (waited: number, worked: number) =>
    `${seconds(waited)} (${Math.round((100 * waited) / Math.max(waited + worked, 1e-9))} %)`
  const network = shown(forInput, ownSeconds(stages, index))
  return [`  ${name} waited ${network} for data, data ${shown(ofInput, stages[index - 1].seconds)} for it`]
}

/** What the stage said of itself, and how long the rest takes where that goes on as it went so far. */
const noteOf = ({ ended, note }: Stage, fraction: number | undefined, elapsed: number): string => {
  if (note === undefined) return ""
  const known = !ended && fraction !== undefined && fraction > 0 && fraction < 1
  return `  ${note}${known ? `, ${left((elapsed * (1 - fraction)) / fraction)}` : ""}`
}

/** @param elapsed seconds since the pipeline began */
const line = (stages: ReadonlyArray<Stage>, index: number, wide: boolean, elapsed: number): string => {
  const stage = stages[index]
  const fraction = fractionOf(stages, index)
  const count = stage.total === undefined || stage.ended ? `${stage.elements}` : `${stage.elements}/${stage.total}`
  const drawn = wide && fraction !== undefined ? `${bar(fraction, 20)} ` : ""
  const percent =
    !stage.ended && stage.total === undefined && fraction !== undefined ? ` (${Math.floor(fraction * 100)} %)` : ""
  return `  ${stage.name.padEnd(11)} ${drawn}${(count + percent).padStart(12)}  ${seconds(ownSeconds(stages, index)).padStart(7)}${noteOf(stage, fraction, elapsed)}`
}

export const makeProgress = (screen: Screen): Progress => {
  let pipeline = ""
  let stages: Array<Stage> = []
  let drawn = 0
  let last = 0
  let since = 0
  const elapsed = () => (screen.now() - since) / 1000

  const erase = () => {
    if (drawn > 0) screen.write(`\x1b[${drawn}A\x1b[0J`)
    drawn = 0
  }
  /** Indices of the stages that have begun: of a pipeline that fails at once, perhaps not all have. */
  const begun = () => stages.flatMap(({ name }, i) => (name === "" ? [] : [i]))
  const draw = () => {
    const lines = begun().map((i) => line(stages, i, true, elapsed()).slice(0, Math.max(20, screen.columns() - 1)))
    if (lines.length > 0) screen.write(`${lines.join("\n")}\n`)
    drawn = lines.length
  }
  const refresh = () => {
    const now = screen.now()
    if (now - last < (screen.terminal ? REDRAW_MS : PLAIN_LINE_MS)) return
    last = now
    if (screen.terminal) {
      erase()
      draw()
      return
    }
    const busiest = stages.reduce((best, _, i) => (ownSeconds(stages, i) > ownSeconds(stages, best) ? i : best), 0)
    screen.write(`${line(stages, busiest, false, elapsed())} ...\n`)
  }
  const stageOf = ({ index, step }: Running): Stage => {
    for (let i = stages.length; i <= index; i++)
      stages.push({
        name: "",
        elements: 0,
        total: undefined,
        seconds: 0,
        waits: undefined,
        note: undefined,
        ended: false
      })
    if (stages[index].name === "") stages[index] = { ...stages[index], name: step.name }
    return stages[index]
  }

  return {
    watcher: {
      started: (stage) => void stageOf(stage),
      expected: (stage, total) => {
        stageOf(stage).total = total
      },
      progressed: (stage, elements, waited) => {
        const state = stageOf(stage)
        state.elements += elements
        state.seconds += waited
        refresh()
      },
      noted: (stage, words) => {
        stageOf(stage).note = words
      },
      waited: (stage, { forInput, ofInput }) => {
        const state = stageOf(stage)
        const { waits = { forInput: 0, ofInput: 0 } } = state
        state.waits = { forInput: waits.forInput + forInput, ofInput: waits.ofInput + ofInput }
      },
      ended: (stage) => {
        stageOf(stage).ended = true
        refresh()
      },
      failed: () => {}
    },
    say: (text) => {
      if (screen.terminal) erase()
      screen.write(`${text}\n`)
      if (screen.terminal) draw()
    },
    begin: (name) => {
      pipeline = name
      stages = []
      drawn = 0
      last = screen.now()
      since = last
      screen.write(`${pipeline}\n`)
    },
    end: () => {
      if (screen.terminal) erase()
      if (screen.terminal) draw()
      else
        screen.write(
          begun()
            .map((i) => `${line(stages, i, false, elapsed())}\n`)
            .join("")
        )
      for (const waited of begun().flatMap((i) => waitsLine(stages, i))) screen.write(`${waited}\n`)
      const timings = begun().map((i): StageTiming => {
        const { elements, name, waits } = stages[i]
        const timing = { stage: name, elements, seconds: ownSeconds(stages, i) }
        return waits === undefined ? timing : { ...timing, waits }
      })
      stages = []
      drawn = 0
      return timings
    }
  }
}
