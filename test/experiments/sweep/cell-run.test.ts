/** Cells that run beside each other, and one after another in one process. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { makePlan } from "../../../src/experiments/plan/plan.ts"
import { kindOf, threadsOf } from "../../../src/experiments/sweep/cell-run.ts"
import { runHere } from "../in-process.ts"
import { preparing, reading } from "./sweeps.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const network = "model: { backbone: resnet10-slim, pooling: avg, channels: 3, num_classes: 17 }"
const cell = join(home, "cell.yaml")
writeFileSync(
  cell,
  `root_dir: ${join(home, "data")}
device: wasm
pipelines:
${preparing(30, 0.2)}
  train:
${reading("train", 4, ", shuffle: true")}
    - optimise: { learning_rate: 0.001, ${network} }
    - checkpoint
  test:
${reading("test", 4)}
    - embed: { weights: newest, ${network} }
    - rank: { queries: 0.5, seed: 24 }
    - measure: { at: [5], per_query: queries }
`
)

describe("cells that run at the same time", () => {
  const plan = (...set: ReadonlyArray<string>) => makePlan(cell, set)
  it("divide the processors on WebAssembly, where this changes no digit, unless something else is said", () => {
    const half = `threads=${Math.max(1, Math.floor(availableParallelism() / 2))}`
    expect(threadsOf(plan(), "wasm", 2)).toEqual([half])
    expect(threadsOf(plan(), "wasm", 1)).toEqual([])
    expect(threadsOf(plan("threads=3"), "wasm", 2)).toEqual([])
    for (const device of ["tensorflow", "auto", "cpu"] as const) expect(threadsOf(plan(), device, 2)).toEqual([])
    expect(threadsOf(plan("threads=3"), "tensorflow", 2, 5)).toEqual(["threads=5"])
  })

  it("share a process if they open the same engine", () => {
    expect(kindOf(plan("seed=1"))).toBe(kindOf(plan("seed=2")))
    const others = [plan("device=cpu"), plan("threads=1"), plan("precision=bf16"), plan("graph=false")].map(kindOf)
    expect(new Set([kindOf(plan()), ...others]).size).toBe(5)
  })
})

describe("cells that run one after another in one process", () => {
  const { memory } = createRequire(import.meta.url)("@tensorflow/tfjs")
  const ran = async (out: string) => {
    const { error, folder } = await runHere(cell, [], { out: join(home, out) })
    expect(error).toBe("")
    const files = ["checkpoints/epoch_0001.safetensors", "queries.csv"]
    return files.map((name) => readFileSync(join(folder, name)).toString("base64"))
  }
  it("leave no tensors to each other, and give the same bytes", async () => {
    const first = await ran("first")
    const { numBytes, numTensors } = memory()
    expect(await ran("second")).toEqual(first)
    expect(memory()).toMatchObject({ numBytes, numTensors })
  }, 120_000)
})
