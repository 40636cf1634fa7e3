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
    ["sweep-hashing", 9],
    ["sweep-losses", 54],
    ["sweep-sampler", 10],
    ["sweep-training", 18]
  ])("%s has a plan for each of %i cells", (name, cells) => {
    const { cells: set, sweep } = read(name)
    expect(planSweep(sweep, set).plans.size).toBe(cells)
  })

  const triedBy = (sweep: string) =>
    read(sweep).sweep.over["train.optimise.metric_loss"].map((one) =>
      typeof one === "string" ? one : (one as { readonly name: string }).name
    )
  const namesOf = (signed: boolean) =>
    metricLosses.filter((one: LossDefinition) => (one.signed === true) === signed).map(({ name }) => name)

  it("try every metric loss that the quickstart's network can have", () => {
    expect([...new Set(triedBy("sweep-losses"))].sort()).toEqual(namesOf(false).sort())
  })

  it("try every loss of hash codes, on the network of configs/hashing.yaml, beside oml", () => {
    expect(read("sweep-hashing").sweep.of).toBe("configs/hashing.yaml")
    expect(triedBy("sweep-hashing").toSorted()).toEqual(["oml", ...namesOf(true)].sort())
  })
})
