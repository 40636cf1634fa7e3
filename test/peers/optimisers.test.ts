/** Optimisers and clipping against PyTorch and timm, over 20 steps. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect } from "vitest"
import { clipFactor, normOf } from "../../src/ops/train/clip.ts"
import { type OptimiserChoice, optimiserOf } from "../../src/ops/train/optimisers.ts"
import { temporaryFolder } from "../ops/data/folder.ts"
import { devices, noise, opened, upload } from "../ops/tensor/with-engine.ts"
import { peer } from "./python.ts"

const root = temporaryFolder()
const [STEPS, RATE] = [20, 1e-2]
const SHAPES = [
  [5, 4],
  [3, 3, 2, 6]
]

/** The choices that the script makes, by the names of its results. */
const CHOICES: Readonly<Record<string, { readonly optimiser: OptimiserChoice; readonly clip?: number }>> = {
  adam: { optimiser: "adam" },
  adamw: { optimiser: { name: "adamw", weight_decay: 0.1 } },
  nesterov: { optimiser: { name: "sgd", momentum: 0.9, nesterov: true } },
  plain: { optimiser: { name: "sgd", momentum: 0 } },
  lion: { optimiser: { name: "lion", weight_decay: 0.1 } },
  clipped: { optimiser: { name: "sgd", momentum: 0.9 }, clip: 1 }
}

/** Gradients that depend on the weights, so that errors of a step would grow: a (w - b). */
const slope = (weight: Float32Array, a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
  weight.map((w, i) => a[i] * (w - b[i]))

describe("optimisers against PyTorch", () => {
  peer("follow AdamW, SGD and timm's Lion over 20 steps", ["torch", "timm"], async (python) => {
    const drawn = SHAPES.map((shape, i) => ({
      shape,
      weight: [...noise(shape, 10 * i + 1).data],
      a: [...noise(shape, 10 * i + 2, 1.5).data],
      b: [...noise(shape, 10 * i + 3).data]
    }))
    const file = join(root, "optimisers.json")
    writeFileSync(file, JSON.stringify({ steps: STEPS, rate: RATE, tensors: drawn }))
    const found = (await python("optimisers", file)) as Readonly<Record<string, ReadonlyArray<ReadonlyArray<number>>>>
    expect(Object.keys(found).sort()).toEqual(Object.keys(CHOICES).sort())
    for (const device of devices) {
      const engine = await opened(device)
      for (const [name, weights] of Object.entries(found)) {
        const { clip, optimiser } = CHOICES[name]
        const { definition, own } = optimiserOf(optimiser)
        engine.scope(() => {
          const zeros = (shape: ReadonlyArray<number>) => upload(engine, noise(shape, 0)).mul(0)
          let states = drawn.map(({ shape, weight }) => ({
            weight: engine.tensor(Float32Array.from(weight), shape),
            moments: definition.moments.map(() => zeros(shape))
          }))
          for (let step = 1; step <= STEPS; step++) {
            const raw = states.map(({ weight }, i) =>
              engine.tensor(slope(engine.read(weight), drawn[i].a, drawn[i].b), drawn[i].shape)
            )
            const scale = clip === undefined ? 1 : clipFactor(normOf(engine, raw), clip)
            states = states.map((state, i) =>
              definition.update(engine, state, raw[i].mul(scale), { learningRate: RATE, step }, own)
            ) as typeof states
          }
          states.forEach(({ weight }, i) => {
            engine.read(weight).forEach((value, at) => {
              expect(Math.abs(value - weights[i][at]), `${name} on ${device}, ${i} ${at}`).toBeLessThan(1e-6)
            })
          })
        })
      }
    }
  })
})
