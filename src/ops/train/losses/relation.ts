/** Relations: which images of a batch are alike. They look at labels alone. */
import { jaccardDistance } from "../../measure/relevance.ts"

/** uint8 [rows, rows], symmetric: 1 where two images are alike. Every image is like itself. */
export interface Relation {
  readonly rows: number
  readonly alike: Uint8Array
}

/**
 * Images whose labels lie at a Jaccard distance of at most `threshold`, compared as doubles; two empty sets have distance 0.
 *
 * @param labels multi-hot [rows, classes]
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
