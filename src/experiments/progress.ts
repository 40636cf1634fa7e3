/** Progress on a terminal (one bar a stage, redrawn in place) or, where there is none, as plain lines. */
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
  ended: boolean
}

/** What one stage took, for the record. */
export interface StageTiming {
  readonly stage: string
  readonly elements: number
  /** Own time: without the stages before it. Stages that run ahead of others overlap. */
  readonly seconds: number
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

/** How far a stage is; one that knows no total is as far as the one before it. */
const fractionOf = (stages: ReadonlyArray<Stage>, index: number): number | undefined => {
  for (let i = index; i >= 0; i--) {
    const { elements, ended, total } = stages[i]
    if (i === index && ended) return 1
    if (total !== undefined) return total === 0 ? 1 : elements / total
  }
  return undefined
}

const ownSeconds = (stages: ReadonlyArray<Stage>, index: number): number =>
  Math.max(0, stages[index].seconds - (index === 0 ? 0 : stages[index - 1].seconds))

const line = (stages: ReadonlyArray<Stage>, index: number, wide: boolean): string => {
  const stage = stages[index]
  const fraction = fractionOf(stages, index)
  const count = stage.total === undefined || stage.ended ? `${stage.elements}` : `${stage.elements}/${stage.total}`
  const drawn = wide && fraction !== undefined ? `${bar(fraction, 20)} ` : ""
  const percent =
    !stage.ended && stage.total === undefined && fraction !== undefined ? ` (${Math.floor(fraction * 100)} %)` : ""
  return `  ${stage.name.padEnd(11)} ${drawn}${(count + percent).padStart(12)}  ${seconds(ownSeconds(stages, index)).padStart(7)}`
}

export const makeProgress = (screen: Screen): Progress => {
  let pipeline = ""
  let stages: Array<Stage> = []
  let drawn = 0
  let last = 0

  const erase = () => {
    if (drawn > 0) screen.write(`\x1b[${drawn}A\x1b[0J`)
    drawn = 0
  }
  /** Indices of the stages that have begun: of a pipeline that fails at once, perhaps not all have. */
  const begun = () => stages.flatMap(({ name }, i) => (name === "" ? [] : [i]))
  const draw = () => {
    const lines = begun().map((i) => line(stages, i, true).slice(0, Math.max(20, screen.columns() - 1)))
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
    screen.write(`${line(stages, busiest, false)} ...\n`)
  }
  const stageOf = ({ index, step }: Running): Stage => {
    for (let i = stages.length; i <= index; i++)
      stages.push({ name: "", elements: 0, total: undefined, seconds: 0, ended: false })
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
      screen.write(`${pipeline}\n`)
    },
    end: () => {
      if (screen.terminal) erase()
      if (screen.terminal) draw()
      else
        screen.write(
          begun()
            .map((i) => `${line(stages, i, false)}\n`)
            .join("")
        )
      const timings = begun().map((i) => ({
        stage: stages[i].name,
        elements: stages[i].elements,
        seconds: ownSeconds(stages, i)
      }))
      stages = []
      drawn = 0
      return timings
    }
  }
}
