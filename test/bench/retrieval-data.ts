/** Embeddings and labels at the size of BigEarthNet's test split, or a tenth of it. */
import type { Embeddings } from "../../src/ops/elements.ts"
import { random } from "../../src/pipeline/random.ts"

/** `npm run bench -- --full` takes the whole; else a tenth. */
export const full = process.argv.includes("--full")
export const WHOLE = 125_866
export const IMAGES = full ? WHOLE : 12_587
export const DIM = 2048
const CLASSES = 19
const SETS = 2800
const BATCH = 512

/** Values in [-1, 1), quickly. */
export const noise = (length: number, seed: number): Float32Array => {
  const out = new Float32Array(length)
  let state = seed | 0
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    out[i] = state / 2 ** 31
  }
  return out
}

/** Label sets of one to eight classes; images take one of them each. */
const labelsOf = (images: number): Uint8Array => {
  const { int } = random(1, 0, 0, "labels")
  const sets = Array.from({ length: SETS }, () => Array.from({ length: 1 + int(8) }, () => int(CLASSES)))
  const labels = new Uint8Array(images * CLASSES)
  for (let image = 0; image < images; image++) for (const c of sets[int(SETS)]) labels[image * CLASSES + c] = 1
  return labels
}

const classes = Array.from({ length: CLASSES }, (_, c) => `class ${c}`)

/** Makes the batches of a split one by one. */
export const batchMaker = (images = IMAGES, dim = DIM) => {
  const labels = labelsOf(images)
  const make = (b: number): Embeddings => {
    const [from, to] = [b * BATCH, Math.min(images, (b + 1) * BATCH)]
    return {
      kind: "embeddings",
      size: to - from,
      dim,
      names: Array.from({ length: to - from }, (_, i) => `patch-${from + i}`),
      vectors: noise((to - from) * dim, b + 1),
      labels: labels.slice(from * CLASSES, to * CLASSES),
      classes
    }
  }
  return { count: Math.ceil(images / BATCH), make }
}

export const batches = (): ReadonlyArray<Embeddings> => {
  const { count, make } = batchMaker()
  return Array.from({ length: count }, (_, b) => make(b))
}
