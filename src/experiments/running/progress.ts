/** Progress on a terminal (one bar per stage, redrawn in place) or, without a terminal, as plain lines. */
import type { Watcher } from "../../pipeline/watch.ts"
import { printable, printableLines } from "../../pipeline/words.ts"
import { stageLine, waitsLine } from "./stage-lines.ts"
import { Stages, type StageTiming } from "./stages.ts"

/** The output of progress, and a clock in milliseconds. */
export interface Screen {
  readonly terminal: boolean
  readonly columns: () => number
  readonly write: (text: string) => void
  readonly now: () => number
}

/** Shows the progress of a run. */
export interface Progress {
  readonly watcher: Watcher
  readonly say: (line: string) => void
  readonly begin: (pipeline: string) => void
  /** Ends the current pipeline and returns its timings. */
  readonly end: () => ReadonlyArray<StageTiming>
}

const REDRAW_MS = 100
const PLAIN_LINE_MS = 10_000

/** Progress goes to standard error, so that standard output holds only what was asked for. */
export const stderrScreen = (): Screen => ({
  terminal: process.stderr.isTTY === true && process.env.TERM !== "dumb",
  // Some terminals report 0 columns.
  columns: () => process.stderr.columns || 80,
  write: (text) => void process.stderr.write(text),
  now: () => performance.now()
})

/** Shows the lines of the stages of the current pipeline. */
class Board {
  private stages = new Stages()
  /** Number of lines that the next drawing replaces. */
  private drawn = 0
  private last = 0
  private since = 0
  private readonly screen: Screen

  constructor(screen: Screen) {
    this.screen = screen
  }

  get current(): Stages {
    return this.stages
  }

  private get width(): number {
    return Math.max(20, this.screen.columns() - 1)
  }

  private line(index: number): string {
    const elapsed = (this.screen.now() - this.since) / 1000
    return printable(stageLine(this.stages.all, index, this.screen.terminal ? this.width : undefined, elapsed))
  }

  private erase(): void {
    if (this.drawn > 0) this.screen.write(`\x1b[${this.drawn}A\x1b[0J`)
    this.drawn = 0
  }

  /** @param over whether the pipeline has ended */
  private draw(over = false): void {
    const shown = over ? this.stages.productive() : this.stages.begun()
    const lines = shown.map((i) => this.line(i).slice(0, this.width))
    if (lines.length > 0) this.screen.write(`${lines.join("\n")}\n`)
    this.drawn = lines.length
  }

  /** Redraws, but not more often than a reader can follow. */
  refresh(): void {
    const now = this.screen.now()
    if (now - this.last < (this.screen.terminal ? REDRAW_MS : PLAIN_LINE_MS)) return
    this.last = now
    if (this.screen.terminal) {
      this.erase()
      this.draw()
    } else this.screen.write(`${this.line(this.stages.telling())} ...\n`)
  }

  /** Writes a line that stays, above the lines that are redrawn. */
  say(text: string): void {
    if (this.screen.terminal) this.erase()
    this.screen.write(`${printableLines(text)}\n`)
    if (this.screen.terminal) this.draw()
  }

  begin(pipeline: string): void {
    this.stages = new Stages()
    this.drawn = 0
    this.last = this.screen.now()
    this.since = this.last
    this.screen.write(`${pipeline}\n`)
  }

  end(): ReadonlyArray<StageTiming> {
    const ended = this.stages
    if (this.screen.terminal) {
      this.erase()
      this.draw(true)
    } else for (const i of ended.productive()) this.screen.write(`${this.line(i)}\n`)
    for (const waited of ended.begun().flatMap((i) => waitsLine(ended.all, i))) this.screen.write(`${waited}\n`)
    this.stages = new Stages()
    this.drawn = 0
    return ended.timings()
  }
}

/** Shows progress on a screen. */
export const makeProgress = (screen: Screen): Progress => {
  const board = new Board(screen)
  const watcher: Watcher = {
    started: (stage) => void board.current.of(stage),
    expected: (stage, total) => {
      board.current.of(stage).total = total
    },
    progressed: (stage, elements, waited) => {
      const state = board.current.of(stage)
      state.elements += elements
      state.seconds += waited
      board.refresh()
    },
    noted: (stage, words) => {
      board.current.of(stage).note = words
      board.refresh()
    },
    waited: (stage, { forInput, ofInput }) => {
      const state = board.current.of(stage)
      const { waits = { forInput: 0, ofInput: 0 } } = state
      state.waits = { forInput: waits.forInput + forInput, ofInput: waits.ofInput + ofInput }
    },
    ended: (stage) => {
      board.current.of(stage).ended = true
      board.refresh()
    },
    failed: () => {}
  }
  return {
    watcher,
    say: (text) => board.say(text),
    begin: (pipeline) => board.begin(pipeline),
    end: () => board.end()
  }
}
