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

/** Vectors of random directions, or vectors as of a trained network: the more labels two images share, the nearer they are. */
type Kind = "random" | "learned"

/** Adds the direction of each class of an image to its vector. */
const addClasses = (vectors: Float32Array, labels: Uint8Array, directions: ReadonlyArray<Float32Array>): void => {
  const dim = directions[0].length
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === 0) continue
    const own = vectors.subarray(Math.floor(i / CLASSES) * dim, (Math.floor(i / CLASSES) + 1) * dim)
    const direction = directions[i % CLASSES]
    for (let k = 0; k < dim; k++) own[k] += direction[k]
  }
}

/** Makes the batches of a split one by one. */
export const batchMaker = (images = IMAGES, dim = DIM, kind: Kind = "random") => {
  const labels = labelsOf(images)
  const directions = classes.map((_, c) => noise(dim, 1000 + c).map((value) => 0.5 * value))
  const make = (b: number): Embeddings => {
    const [from, to] = [b * BATCH, Math.min(images, (b + 1) * BATCH)]
    const own = labels.slice(from * CLASSES, to * CLASSES)
    const vectors = noise((to - from) * dim, b + 1)
    if (kind === "learned") addClasses(vectors, own, directions)
    return {
      kind: "embeddings",
      size: to - from,
      dim,
      names: Array.from({ length: to - from }, (_, i) => `patch-${from + i}`),
      vectors,
      labels: own,
      classes
    }
  }
  return { count: Math.ceil(images / BATCH), make }
}

export const batches = (): ReadonlyArray<Embeddings> => {
  const { count, make } = batchMaker()
  return Array.from({ length: count }, (_, b) => make(b))
}
