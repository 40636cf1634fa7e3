/**
 * A loss of your own in training: a linear projection of saved embeddings is trained with it by gradient descent.
 *
 *   npx tsx docs/examples/4-own-loss.ts [embeddings.npy labels.npy]
 *
 * A loss returns its value and its gradient, so it can train any model that computes its input. To use it for networks, as `metric_loss` in
 * YAML, add the definition to the list of losses: CONTRIBUTING.md has the recipe.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
// In a project of your own: from "orbitrank/formats", "orbitrank/losses" and "orbitrank/metrics"
import { decodeNpy } from "../../src/formats.ts"
import { defineLoss } from "../../src/losses.ts"
import { jaccardDistance } from "../../src/metrics.ts"

/** The mean over pairs of (squared distance - Jaccard distance)²: distances of embeddings should equal distances of labels. */
const distances = defineLoss({
  name: "distances",
  title: "Mean square of the difference between squared distances of embeddings and Jaccard distances of labels",
  source: "this example",
  on: "embeddings",
  params: {},
  loss:
    () =>
    ({ labels, rows, values }) => {
      const [dim, classes] = [values.length / rows, labels.length / rows]
      const gradient = new Float32Array(values.length)
      const pairs = (rows * (rows - 1)) / 2
      let sum = 0
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < i; j++) {
          const [one, other] = [i, j].map((row) => labels.subarray(row * classes, (row + 1) * classes))
          let distance = -jaccardDistance(one, other)
          for (let d = 0; d < dim; d++) distance += (values[i * dim + d] - values[j * dim + d]) ** 2
          sum += distance ** 2 / pairs
          for (let d = 0; d < dim; d++) {
            const slope = (4 * distance * (values[i * dim + d] - values[j * dim + d])) / pairs
            gradient[i * dim + d] += slope
            gradient[j * dim + d] -= slope
          }
        }
      }
      return { value: sum, gradient, floor: 0 }
    }
})

const here = import.meta.dirname
const [embeddings = join(here, "data/embeddings.npy"), told = join(here, "data/labels.npy")] = process.argv.slice(2)
const { data: inputs, shape } = decodeNpy(readFileSync(embeddings), embeddings)
const labels = decodeNpy(readFileSync(told), told).data as Uint8Array
const [rows, width] = shape
const dim = 4

// The projection [width, dim] starts with small values that differ between columns.
const weights = Float32Array.from({ length: width * dim }, (_, i) => 0.05 * Math.sin(1 + 7 * i))
const loss = distances.loss({}, "none")
const rate = 0.02

for (let step = 0; step <= 200; step++) {
  const values = new Float32Array(rows * dim)
  for (let r = 0; r < rows; r++)
    for (let w = 0; w < width; w++)
      for (let d = 0; d < dim; d++) values[r * dim + d] += inputs[r * width + w] * weights[w * dim + d]
  const { gradient, value } = loss({ values, labels, rows }, () => 0)
  if (step % 50 === 0) console.log(`step ${step}: loss ${value.toFixed(4)}`)
  for (let r = 0; r < rows; r++)
    for (let w = 0; w < width; w++)
      for (let d = 0; d < dim; d++) weights[w * dim + d] -= rate * inputs[r * width + w] * gradient[r * dim + d]
}
