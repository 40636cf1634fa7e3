/** The proxy-anchor loss against pytorch-metric-learning, whose images have one label each. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect } from "vitest"
import { proxyAnchor } from "../../src/ops/train/losses/proxy-anchor.ts"
import { random } from "../../src/pipeline/random.ts"
import { temporaryFolder } from "../ops/data/folder.ts"
import { peer } from "./python.ts"

const root = temporaryFolder()
const [ROWS, DIM, CLASSES] = [24, 16, 7]

const nested = (values: Float32Array) =>
  Array.from({ length: values.length / DIM }, (_, i) => [...values.subarray(i * DIM, (i + 1) * DIM)])

interface Found {
  readonly value: number
  readonly gradient: ReadonlyArray<number>
  readonly learned: ReadonlyArray<number>
}

describe("proxy_anchor against pytorch-metric-learning", () => {
  peer(
    "has its value, and its gradients of embeddings and proxies",
    ["torch", "pytorch_metric_learning"],
    async (python) => {
      for (const seed of [1, 2]) {
        const { int, normal } = random(seed, 0, 0, "proxies")
        const drawn = (n: number) => Float32Array.from({ length: n }, () => normal())
        const [values, learned] = [drawn(ROWS * DIM), drawn(CLASSES * DIM)]
        // The last class has no image.
        const classes = Array.from({ length: ROWS }, () => int(CLASSES - 1))
        const labels = new Uint8Array(ROWS * CLASSES)
        classes.forEach((c, i) => {
          labels[i * CLASSES + c] = 1
        })
        const file = join(root, `proxies-${seed}.json`)
        writeFileSync(file, JSON.stringify({ embeddings: nested(values), proxies: nested(learned), classes }))
        const found = (await python("proxy_anchor", file)) as Found
        const got = proxyAnchor({ values, labels, learned, rows: ROWS })
        expect(Math.abs(got.value - found.value)).toBeLessThan(1e-6 * found.value)
        for (const key of ["gradient", "learned"] as const) {
          const scale = Math.max(...found[key].map(Math.abs))
          const off = found[key].map((slope, i) => Math.abs(slope - got[key][i]))
          expect(Math.max(...off), key).toBeLessThan(1e-6 * scale)
        }
      }
    }
  )
})
