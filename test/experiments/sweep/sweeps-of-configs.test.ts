/** The sweeps in configs/: every cell has a plan, and no loss is missing. */
import { resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { readConfigFile } from "../../../src/experiments/plan/plan.ts"
import { planSweep } from "../../../src/experiments/sweep/plan-sweep.ts"
import { readSweep } from "../../../src/experiments/sweep/sweep-file.ts"
import type { LossDefinition } from "../../../src/ops/train/losses/loss.ts"
import { metricLosses } from "../../../src/ops/train/losses.ts"

const read = (name: string) => {
  const found = readSweep(readConfigFile(resolve(import.meta.dirname, `../../../configs/${name}.yaml`)), [])
  if (found === undefined) throw new Error(`${name} is not a sweep`)
  return found
}

describe("the sweeps of configs", () => {
  it.each([
    ["sweep-losses", 54],
    ["sweep-sampler", 10],
    ["sweep-training", 18]
  ])("%s has a plan for each of %i cells", (name, cells) => {
    const { cells: set, sweep } = read(name)
    expect(planSweep(sweep, set).plans.size).toBe(cells)
  })

  it("try every metric loss that the quickstart's network can have", () => {
    const tried = read("sweep-losses").sweep.over["train.optimise.metric_loss"].map((one) =>
      typeof one === "string" ? one : (one as { readonly name: string }).name
    )
    const usable = metricLosses.filter((one: LossDefinition) => one.signed !== true)
    expect([...new Set(tried)].sort()).toEqual(usable.map(({ name }) => name).sort())
  })
})
