/** Losses against pytorch-metric-learning and timm, or the paper's formula under PyTorch's automatic differentiation. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect } from "vitest"
import type { LossDefinition } from "../../src/ops/train/losses/loss.ts"
import { losses } from "../../src/ops/train/losses.ts"
import { chosenFrom } from "../../src/pipeline/definition.ts"
import { random } from "../../src/pipeline/random.ts"
import { temporaryFolder } from "../ops/data/folder.ts"
import { peer } from "./python.ts"

const root = temporaryFolder()
const [ROWS, DIM, CLASSES] = [24, 16, 5]

/** The parameters that the script uses where they are not the defaults. */
const OWN: Readonly<Record<string, object>> = {
  supcon: { name: "supcon", relation: "jaccard" },
  supcon_graded: { name: "supcon" },
  happier: { name: "happier", temperature: 0.1 },
  recall_at_k: { name: "recall_at_k", temperature: 0.1, k: 4 },
  triplet: { name: "triplet", miner: "all" },
  margin: { name: "margin", negatives: "all" }
}

const drawn = (seed: number) => {
  const { next } = random(seed, 0, 0, "losses")
  const list = (n: number, of: () => number) => Array.from({ length: n }, of)
  return {
    values: Float32Array.from(list(ROWS * DIM, () => 2 * next() - 1)),
    logits: Float32Array.from(list(ROWS * CLASSES, () => 6 * next() - 3)),
    labels: Uint8Array.from(list(ROWS * CLASSES, () => (next() < 0.35 ? 1 : 0)))
  }
}

const nested = (values: ArrayLike<number>, width: number) =>
  Array.from({ length: values.length / width }, (_, i) => Array.from(values).slice(i * width, (i + 1) * width))

describe("losses against PyTorch", () => {
  peer(
    "have the values and gradients of other implementations",
    ["torch", "timm", "pytorch_metric_learning", "scipy"],
    async (python) => {
      for (const seed of [1, 2]) {
        const { labels, logits, values } = drawn(seed)
        const { int } = random(0, 0, 0, "undecided bits")
        const undecided = Array.from({ length: DIM }, () => int(2))
        const file = join(root, `losses-${seed}.json`)
        const given = {
          embeddings: nested(values, DIM),
          logits: nested(logits, CLASSES),
          labels: nested(labels, CLASSES),
          undecided: Array.from({ length: DIM }, (_, k) => 2 * undecided[k] - 1)
        }
        writeFileSync(file, JSON.stringify(given))
        const found = (await python("losses", file)) as Readonly<
          Record<string, { readonly value: number; readonly gradient: ReadonlyArray<number> }>
        >
        expect(Object.keys(found).length).toBeGreaterThan(12)
        for (const [name, { gradient, value }] of Object.entries(found)) {
          const chosen = chosenFrom<LossDefinition>(losses, (OWN[name] ?? { name }) as { name: string })
          if (chosen === undefined) throw new Error(name)
          const input = { values: chosen.definition.on === "logits" ? logits : values, labels, rows: ROWS }
          const got = chosen.definition.loss(chosen.own, "none")(input, () => 0)
          const scale = Math.max(...gradient.map(Math.abs))
          expect(Math.abs(got.value - value), name).toBeLessThan(1e-6 * Math.max(1, Math.abs(value)))
          const off = gradient.map((slope, i) => Math.abs(slope - got.gradient[i]))
          expect(Math.max(...off), `${name}, gradient`).toBeLessThan(1e-5 * scale)
        }
      }
    }
  )
})
