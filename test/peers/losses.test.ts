/** Losses against pytorch-metric-learning and timm, or the paper's formula under PyTorch's automatic differentiation. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { losses } from "../../src/ops/train/losses.ts"
import { temporaryFolder } from "../ops/data/folder.ts"
import { COMPARED, drawnBatch, forPython, ours } from "./compared-losses.ts"
import { peer } from "./python.ts"

const root = temporaryFolder()

describe("losses against PyTorch", () => {
  it("include every loss", () => {
    expect(losses.map(({ name }) => name).filter((name) => !Object.hasOwn(COMPARED, name))).toEqual([])
  })

  peer(
    "have the values and gradients of other implementations",
    ["torch", "timm", "pytorch_metric_learning", "scipy"],
    async (python) => {
      for (const seed of [1, 2]) {
        const drawn = drawnBatch(seed, { rows: 24, dim: 16, classes: 5 })
        const file = join(root, `losses-${seed}.json`)
        writeFileSync(file, forPython(drawn))
        const found = (await python("losses", file)) as Readonly<
          Record<string, { readonly value: number; readonly gradient: ReadonlyArray<number> }>
        >
        expect(Object.keys(found).sort()).toEqual(Object.keys(COMPARED).sort())
        for (const [name, { gradient, value }] of Object.entries(found)) {
          const got = ours(name, drawn)()
          const scale = gradient.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0)
          expect(Math.abs(got.value - value), name).toBeLessThan(1e-6 * Math.max(1, Math.abs(value)))
          const off = gradient.map((slope, i) => Math.abs(slope - got.gradient[i]))
          expect(Math.max(...off), `${name}, gradient`).toBeLessThan(1e-5 * scale)
        }
      }
    }
  )
})
