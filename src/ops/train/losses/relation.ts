/** Relations: which images of a batch are alike. They depend on labels only. */
import { jaccardDistance } from "../../measure/relevance.ts"

/** `alike` is uint8 [rows, rows], symmetric: 1 if two images are alike. Every image is like itself. */
export interface Relation {
  readonly rows: number
  readonly alike: Uint8Array
}

/**
 * The relation of images whose labels have a Jaccard distance of at most `threshold`, compared as doubles. Two empty sets have
 * distance 0.
 *
 * @param labels multi-hot [rows, classes]
 * @example
 * withinJaccard(Uint8Array.of(1, 1, 1, 0), 2, 0.5).alike // => Uint8Array.of(1, 1, 1, 1)
 */
export const withinJaccard = (labels: Uint8Array, rows: number, threshold: number): Relation => {
  const classes = rows === 0 ? 0 : labels.length / rows
  const alike = new Uint8Array(rows * rows)
  for (let i = 0; i < rows; i++) {
    for (let j = i; j < rows; j++) {
      let both = 0
      let any = 0
      for (let c = 0; c < classes; c++) {
        const [a, b] = [labels[i * classes + c] !== 0, labels[j * classes + c] !== 0]
        if (a && b) both++
        if (a || b) any++
      }
      const close = i === j || jaccardDistance(both, any) <= threshold ? 1 : 0
      alike[i * rows + j] = close
      alike[j * rows + i] = close
    }
  }
  return { rows, alike }
}
