/** All embeddings of a stream, in one matrix. */
import type { Embeddings, Origin } from "../../elements.ts"
import { ShowError } from "../show-error.ts"

export interface Collected {
  readonly count: number
  readonly dim: number
  readonly names: ReadonlyArray<string>
  readonly classes: ReadonlyArray<string>
  /** uint8 [count, classes]. */
  readonly labels: Uint8Array
  /** float32 [count, dim]. */
  readonly vectors: Float32Array
  readonly origin: Origin | undefined
}

const refuse = (subject: string, problem: string, remedy: string) => new ShowError({ subject, problem, remedy })

/**
 * Joins batches.
 *
 * @throws ShowError if there are none, or if they differ in dimension or classes
 */
export const collect = (batches: ReadonlyArray<Embeddings>): Collected => {
  const [first] = batches
  const count = batches.reduce((sum, { size }) => sum + size, 0)
  if (count === 0) throw refuse("explore", "no embeddings arrived", "Give embeddings of at least one image")
  const { classes, dim, origin } = first
  const vectors = new Float32Array(count * dim)
  const labels = new Uint8Array(count * classes.length)
  let row = 0
  for (const batch of batches) {
    if (batch.dim !== dim || batch.classes.join("\n") !== classes.join("\n")) {
      throw refuse(
        batch.names[0] ?? "a batch",
        "has another dimension or other classes than the first batch",
        "Embed all images with one network and one list of classes"
      )
    }
    vectors.set(batch.vectors, row * dim)
    labels.set(batch.labels, row * classes.length)
    row += batch.size
  }
  return { count, dim, classes, labels, vectors, origin, names: batches.flatMap(({ names }) => names) }
}
