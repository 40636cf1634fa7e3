/**
 * The metrics alone, on arrays that NumPy saved: no pipeline, no tensor engine.
 *
 *   npx tsx docs/examples/2-metrics-on-arrays.ts [embeddings.npy labels.npy]
 *
 * In Python: numpy.save("embeddings.npy", E.astype("float32")), [n, d]; numpy.save("labels.npy", L.astype("uint8")), [n, classes].
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
// In a project of your own: from "orbitrank/formats", "orbitrank/metrics" and "orbitrank/search"
import { decodeNpy } from "../../src/formats.ts"
import { jaccardDistance, mAP, nDCG } from "../../src/metrics.ts"
import { rank } from "../../src/search.ts"

const here = import.meta.dirname
const [embeddings = join(here, "data/embeddings.npy"), labels = join(here, "data/labels.npy")] = process.argv.slice(2)
const vectors = decodeNpy(readFileSync(embeddings), embeddings)
const told = decodeNpy(readFileSync(labels), labels)
const [n, dim] = vectors.shape
const classes = told.shape[1]
const labelsOf = (row: number) => Uint8Array.from(told.data.subarray(row * classes, (row + 1) * classes) as Uint8Array)

// The first fifth are queries, the rest is the database.
const queries = Math.trunc(n / 5)
const all = Float32Array.from(vectors.data as Float32Array)
const { order, scores } = rank(all.subarray(0, queries * dim), all.subarray(queries * dim), { dim })

const size = n - queries
const judged = Array.from({ length: queries }, (_, q) => {
  // One score per database image, in the order of the database.
  const byImage = new Float64Array(size)
  for (let i = 0; i < size; i++) byImage[order[q * size + i]] = scores[q * size + i]
  const database = Array.from({ length: size }, (_, i) => labelsOf(queries + i))
  const own = labelsOf(q)
  return {
    scores: byImage,
    relevant: database.map((other) => jaccardDistance(own, other) <= 0.4),
    shared: database.map((other) => other.reduce((sum, label, c) => sum + (label & own[c]), 0))
  }
})

const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length
console.log(`mAP at Jaccard 0.4: ${mAP(judged)?.toFixed(4)}`)
console.log(`nDCG@10: ${mean(judged.map(({ scores, shared }) => nDCG(shared, scores, 10))).toFixed(4)}`)
