/** The linear probe is that of scikit-learn, and neighbours vote as its `NearestNeighbors` do. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect } from "vitest"
import type { Ranking } from "../../src/ops/elements.ts"
import { votesOf } from "../../src/ops/retrieve/knn/votes.ts"
import { fitted, probabilitiesOf } from "../../src/ops/retrieve/probe/logistic.ts"
import { momentsOf, standardised } from "../../src/ops/retrieve/probe/standardise.ts"
import { rowsOf } from "../../src/ops/retrieve/rank/vectors.ts"
import { random } from "../../src/pipeline/random.ts"
import { temporaryFolder } from "../ops/data/folder.ts"
import { peer } from "./python.ts"

const [TRAIN, TEST, DIM, CLASSES, K] = [500, 120, 24, 4, 15]

const made = () => {
  const draws = random(5, 0, 0, "probe")
  const labels = Uint8Array.from({ length: (TRAIN + TEST) * CLASSES }, (_, i) =>
    draws.next() < 0.1 + 0.15 * (i % CLASSES) ? 1 : 0
  )
  // Components are correlated, shifted and of very different sizes.
  const vectors = Float32Array.from({ length: (TRAIN + TEST) * DIM }, (_, i) => {
    const [image, k] = [Math.floor(i / DIM), i % DIM]
    return 10 ** (k % 4) * (1 + draws.normal() + 0.8 * labels[image * CLASSES + (k % CLASSES)])
  })
  return { labels, vectors }
}

const cosine = (a: Float32Array, b: Float32Array) => {
  let [dot, x, y] = [0, 0, 0]
  a.forEach((value, k) => {
    dot += value * b[k]
    x += value * value
    y += b[k] * b[k]
  })
  return dot / Math.sqrt(x * y)
}

describe("classification of embeddings", () => {
  peer("gives scikit-learn's probabilities", ["sklearn"], async (python) => {
    const { labels, vectors } = made()
    const row = (i: number) => vectors.subarray(i * DIM, (i + 1) * DIM)
    const rows = Array.from({ length: TRAIN + TEST }, (_, i) => [...row(i)])
    const truth = Array.from({ length: TRAIN }, (_, i) => [...labels.subarray(i * CLASSES, (i + 1) * CLASSES)])
    const file = join(temporaryFolder(), "given.json")
    for (const c of [0.01, 1, 100]) {
      writeFileSync(
        file,
        JSON.stringify({ train: rows.slice(0, TRAIN), test: rows.slice(TRAIN), labels: truth, c, k: K })
      )
      const answer = (await python("linear_probe", file)) as { readonly [way: string]: ReadonlyArray<Array<number>> }
      const train = rowsOf(vectors.subarray(0, TRAIN * DIM), DIM)
      const moments = momentsOf(train)
      const [a, b] = [train, rowsOf(vectors.subarray(TRAIN * DIM), DIM)].map((one) => standardised(one, moments))
      for (let label = 0; label < CLASSES; label++) {
        const fit = fitted(
          a,
          Uint8Array.from(truth, (one) => one[label]),
          c
        )
        expect(fit.converged).toBe(true)
        probabilitiesOf(b, fit).forEach((probability, i) => {
          expect(Math.abs(probability - answer.probe[i][label])).toBeLessThan(1e-5)
        })
      }
      const order = Array.from({ length: TEST }, (_, i) => {
        const scores = Array.from({ length: TRAIN }, (_, j) => cosine(row(TRAIN + i), row(j)))
        return scores.map((_, j) => j).sort((x, y) => scores[y] - scores[x])
      })
      const ranking: Ranking = {
        kind: "ranking",
        gallery: {
          names: rows.map((_, i) => `${i}`),
          classes: ["a", "b", "c", "d"],
          labels,
          queries: Int32Array.from({ length: TEST }, (_, i) => TRAIN + i),
          database: Int32Array.from({ length: TRAIN }, (_, i) => i)
        },
        ...{ from: 0, to: TEST, order: Int32Array.from(order.flat()), scores: new Float32Array(TEST * TRAIN) }
      }
      const { probabilities } = votesOf(ranking, K)
      answer.knn.flat().forEach((share, i) => void expect(probabilities[i]).toBeCloseTo(share, 6))
    }
  })
})
