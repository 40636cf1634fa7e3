/** Early stopping of poor groups: which continue, and a sweep that trains, pauses and continues. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { RunError } from "../../../src/experiments/run-error.ts"
import { continuing, pauseAfter, scoreOf } from "../../../src/experiments/sweep/halving.ts"
import { runChild } from "../child.ts"
import { comparisonOf, preparing, reading, recordOf } from "./sweeps.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

describe("the groups that continue", () => {
  it("are the better ones and the reference, at least two", () => {
    expect(continuing([0.1, 0.4, 0.3, 0.2], 0.5)).toEqual([true, true, true, false])
    expect(continuing([0.9, 0.1, 0.3], 0.01)).toEqual([true, false, true])
    expect(continuing([0.5, 0.5, 0.5, 0.5], 0.5)).toEqual([true, true, false, false])
    expect(continuing([0.5], 0.5)).toEqual([true])
  })

  it("are never worse than one that was stopped, but for the reference", () => {
    const score = fc.double({ min: 0, max: 1, noNaN: true })
    const keep = fc.double({ min: 0.01, max: 0.99, noNaN: true })
    fc.assert(
      fc.property(fc.array(score, { minLength: 2, maxLength: 12 }), keep, (scores, fraction) => {
        const goes = continuing(scores, fraction)
        const kept = scores.filter((_, i) => goes[i] && i > 0)
        const stopped = scores.filter((_, i) => !goes[i])
        expect(goes[0]).toBe(true)
        expect(kept.length + 1).toBeGreaterThanOrEqual(Math.max(2, Math.ceil(fraction * scores.length)))
        expect(Math.min(...kept)).toBeGreaterThanOrEqual(Math.max(...stopped, 0))
      })
    )
  })
})

describe("the validations of a cell", () => {
  const folder = join(home, "cell")
  mkdirSync(join(folder, "checkpoints"), { recursive: true })
  writeFileSync(
    join(folder, "checkpoints", "best.json"),
    JSON.stringify([
      { epoch: 2, value: 0.5 },
      { epoch: 4, value: 0.3 },
      { epoch: 6, value: 0.9 }
    ])
  )
  it("count until an epoch, whatever came later", () => {
    expect([scoreOf(folder, 2), scoreOf(folder, 5), scoreOf(folder, 6)]).toEqual([0.5, 0.5, 0.9])
    expect(() => scoreOf(folder, 1)).toThrow("has no validation until epoch 1")
  })
  it("pause it once the epoch is reached", () => {
    expect([5, 6, 7, undefined].map((epoch) => pauseAfter(folder, epoch)())).toEqual([true, true, false, false])
    expect(pauseAfter(join(home, "absent"), 1)()).toBe(false)
  })
  it("in a file that is broken, or of another program, are refused by one message", () => {
    const own = join(home, "broken")
    const path = join(own, "checkpoints", "best.json")
    mkdirSync(join(own, "checkpoints"), { recursive: true })
    for (const text of ["[{", "{}", '[{ "epoch": 0, "value": 1 }]', '[{ "epoch": 1, "value": "good" }]']) {
      writeFileSync(path, text)
      for (const ask of [pauseAfter(own, 1), () => scoreOf(own, 1)]) {
        expect(ask, text).toThrow(
          `${path}: is not a list of validations, as \`best\` writes it. Use \`--fresh\` to start the training anew, or \`--out\` for another folder.`
        )
        expect(ask).toThrow(RunError)
      }
    }
  })
})

describe("a sweep with `stop`", () => {
  const cell = join(home, "cell.yaml")
  const embedded =
    "embed: { weights: newest, model: { backbone: resnet10-slim, pooling: avg, channels: 3, num_classes: 17 } }"
  writeFileSync(
    cell,
    `root_dir: ${join(home, "data")}
device: cpu
pipelines:
${preparing(36, 0.3)}
  train:
${reading("train", 6, ", epochs: 3, shuffle: true")}
    - optimise: { learning_rate: 0.001, model: { backbone: resnet10-slim, pooling: avg, channels: 3, num_classes: 17 } }
    - checkpoint
    - validate: { with: val }
    - best
  val:
${reading("val", 6)}
    - ${embedded}
    - rank: { queries: 0.5, seed: 24 }
    - measure: { at: [5] }
  test:
${reading("test", 6)}
    - ${embedded}
    - rank: { queries: 0.5, seed: 24 }
    - measure: { at: [5], per_query: queries }
    - report
`
  )
  const file = join(home, "sweep.yaml")
  writeFileSync(
    file,
    `sweep:
  of: ${cell}
  once: [prepare]
  over: { train.optimise.learning_rate: [0.001, 0.000001, 0.01] }
  figures: ["nDCG@5"]
  resamples: 20
  stop: { after: [1], keep: 0.1 }
`
  )
  const out = join(home, "out")
  const folder = (rate: string) => join(out, "cells", `learning_rate=${rate}`)

  it("stops poor groups, names them, and gives the others the numbers of a run that never paused", async () => {
    const ran = await runChild([file, "--out", out])
    expect([ran.code, ran.err]).toEqual([
      0,
      expect.stringMatching(/was stopped after epoch 1: its best validation was/)
    ])
    const found = comparisonOf(out)
    expect([found.runs.length, found.notes]).toEqual([2, [expect.stringContaining("was stopped after epoch 1")]])
    const rates = ["0.001", "0.000001", "0.01"].map((rate) => (existsSync(folder(rate)) ? rate : String(Number(rate))))
    const stopped = rates.filter((rate) => !found.runs.includes(`learning_rate=${rate}`))
    expect(stopped).toHaveLength(1)
    expect(found.notes?.[0]).toContain(`learning_rate=${stopped[0]} `)
    expect(recordOf(folder(stopped[0])).pipelines.test).toBeUndefined()
    const [, other] = found.runs.map((name) => name.replace("learning_rate=", ""))
    const alone = join(home, "alone")
    const set = `train.optimise.learning_rate=${other}`
    expect((await runChild([cell, "--set", set, "--out", alone])).code).toBe(0)
    expect(recordOf(folder(other)).results).toEqual(recordOf(alone).results)
  }, 600_000)

  it("needs validations", async () => {
    const without = join(home, "without.yaml")
    writeFileSync(without, readFileSync(cell, "utf8").replace("    - best\n", ""))
    const ran = await runChild([file, "--set", `sweep.of=${without}`, "--check"])
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining("has no `checkpoint`, `validate` and `best`")])
  })
})
