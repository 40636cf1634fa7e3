import { afterEach, describe, expect, it, vi } from "vitest"
import { makeProgress, stderrScreen } from "../../../src/experiments/running/progress.ts"
import { count, scale } from "../../pipeline/toys.ts"

const screen = (terminal: boolean) => {
  const state = { text: "", now: 0 }
  const progress = makeProgress({
    terminal,
    columns: () => 60,
    write: (text) => (state.text += text),
    now: () => state.now
  })
  return { state, progress }
}
const [first, second] = count({ to: 4 }).pipe(scale({ factor: 1 })).steps
const source = { pipeline: "one", index: 0, step: first }
const stage = { pipeline: "one", index: 1, step: second }

/** A pipeline whose source has read some of four elements, by default one in a second. */
const reading = (terminal: boolean, elements = 1, seconds = 1) => {
  const made = screen(terminal)
  made.progress.begin("one")
  made.progress.watcher.expected(source, 4)
  made.progress.watcher.progressed(source, elements, seconds)
  return made
}

describe("progress", () => {
  it("without a terminal is plain lines: one a stage when the pipeline ends", () => {
    const { progress, state } = reading(false, 4, 1.5)
    progress.watcher.progressed(stage, 4, 2)
    progress.watcher.ended(source)
    progress.watcher.ended(stage)
    progress.end()
    expect(state.text).toBe("one\n  count                  4    1.5 s\n  scale                  4    0.5 s\n")
  })

  it("shows no counts of 0 for a pipeline that fails before its first element", () => {
    for (const terminal of [false, true]) {
      const { progress, state } = screen(terminal)
      progress.begin("one")
      progress.watcher.started(source)
      progress.watcher.started(stage)
      progress.watcher.failed(source)
      progress.end()
      expect(state.text).toBe("one\n")
    }
  })

  it("says every ten seconds how far the busiest stage is", () => {
    const { progress, state } = reading(false)
    state.now = 10_001
    progress.watcher.progressed(stage, 1, 11)
    expect(state.text.split("\n")[1]).toBe("  scale           1 (25 %)     10 s ...")
  })

  it("shows what a stage says of itself, and how long the rest takes", () => {
    const { progress, state } = reading(false)
    progress.watcher.noted(stage, "loss 0.5000, 120 images/s")
    state.now = 10_001
    progress.watcher.progressed(stage, 1, 11)
    // A quarter took ten seconds.
    expect(state.text.split("\n")[1]).toBe(
      "  scale           1 (25 %)     10 s  loss 0.5000, 120 images/s, 30 s left ..."
    )
    progress.watcher.ended(stage)
    state.text = ""
    progress.end()
    expect(state.text).toContain("10 s  loss 0.5000, 120 images/s\n")
  })

  it("says how the training goes, though reading takes longer", () => {
    const { progress, state } = reading(false, 3, 30)
    progress.watcher.progressed(stage, 3, 31)
    state.now = 10_001
    progress.watcher.noted(stage, "loss 0.5000")
    expect(state.text.split("\n")[1]).toBe("  scale           3 (75 %)    1.0 s  loss 0.5000, 3 s left ...")
  })

  it("shortens the bar, not the words, where the screen is narrow", () => {
    const { progress, state } = reading(true)
    progress.watcher.progressed(stage, 1, 11)
    state.now = 10_001
    state.text = ""
    progress.watcher.noted(stage, "slow")
    expect(state.text).toContain("  scale       ██░░░░     1 (25 %)     10 s  slow, 30 s left\n")
    state.now = 20_002
    state.text = ""
    progress.watcher.noted(stage, "loss 0.5000, 120 images/s")
    expect(state.text).toContain("  scale           1 (25 %)     10 s  loss 0.5000, 120")
  })

  it("on a terminal redraws one bar a stage, and says lines above them", () => {
    const { progress, state } = screen(true)
    progress.begin("one")
    progress.watcher.expected(source, 4)
    state.now = 101
    progress.watcher.progressed(source, 2, 1)
    progress.watcher.started(stage)
    state.text = ""
    progress.say("note")
    expect(state.text).toContain("\x1b[1A\x1b[0Jnote\n  count       ██████████░░░░░░░░░░          2/4    1.0 s\n")
    for (const line of state.text.split("\n")) expect(line.length).toBeLessThanOrEqual(60 + 8)
  })

  it("gives own times: without the stages before", () => {
    const { progress } = screen(false)
    progress.begin("one")
    progress.watcher.progressed(source, 3, 2)
    progress.watcher.progressed(stage, 3, 5)
    expect(progress.end()).toEqual([
      { stage: "count", elements: 3, seconds: 2 },
      { stage: "scale", elements: 3, seconds: 3 }
    ])
  })

  it("of a stage that others run ahead of, tells both waits and their shares", () => {
    const { progress, state } = screen(false)
    progress.begin("one")
    progress.watcher.progressed(source, 3, 6)
    progress.watcher.waited(stage, { forInput: 0.5, ofInput: 0 })
    progress.watcher.waited(stage, { forInput: 0.5, ofInput: 0 })
    progress.watcher.waited(stage, { forInput: 0, ofInput: 2 })
    progress.watcher.progressed(stage, 3, 5)
    const [, timing] = progress.end()
    expect(timing).toEqual({ stage: "scale", elements: 3, seconds: 4, waits: { forInput: 1, ofInput: 2 } })
    expect(state.text).toContain("\n  scale waited 1.0 s (20 %) for data, data 2.0 s (25 %) for it\n")
  })
})

describe("the screen of standard error", () => {
  afterEach(() => vi.unstubAllGlobals())

  it.each([
    [undefined, 80],
    [0, 80],
    [120, 120]
  ])("of a terminal that reports %s columns has %s", (columns, width) => {
    vi.stubGlobal("process", { ...process, env: process.env, stderr: { columns } })
    expect(stderrScreen().columns()).toBe(width)
  })
})

describe("names from files", () => {
  it.each([true, false])("reach the terminal without control characters (terminal: %s)", (terminal) => {
    const { progress, state } = screen(terminal)
    progress.begin("one")
    progress.watcher.progressed(stage, 4, 2)
    progress.watcher.noted(stage, "a\x1b]0;title\x07.png")
    progress.say("no patch \x1b[2Jb.png\nnext\x9b line")
    progress.end()
    expect(state.text).toContain("no patch \\x1b[2Jb.png\nnext\\x9b line\n")
    expect(state.text).toContain("a\\x1b]0;title\\x07")
    // Only the escapes by which the bars are redrawn, and line feeds.
    const controls = state.text.replaceAll(/\p{Cc}\[\d+A\p{Cc}\[0J/gu, "").match(/\p{Cc}/gu) ?? []
    expect(controls.filter((one) => one !== "\n")).toEqual([])
  })
})
