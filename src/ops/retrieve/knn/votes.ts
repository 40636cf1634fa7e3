/** Labels that nearest neighbours vote for. */
import type { Ranking } from "../../elements.ts"

/** What the neighbours of the queries of one block say. */
export interface Votes {
  /** Share of the first k results that have each label, float32 [queries, classes]. */
  readonly probabilities: Float32Array
  /** Labels of the queries, uint8 [queries, classes]. */
  readonly labels: Uint8Array
  readonly names: ReadonlyArray<string>
  /** Score of the best result of each query, and its name. */
  readonly best: ReadonlyArray<{ readonly score: number; readonly name: string }>
}

/**
 * Votes of the first k results of each query.
 *
 * @example
 * const gallery = {
 *   names: ["q", "a", "b"],
 *   classes: ["sea", "land"],
 *   labels: Uint8Array.of(1, 0, 1, 1, 0, 1),
 *   queries: Int32Array.of(0),
 *   database: Int32Array.of(1, 2)
 * }
 * const block = { kind: "ranking", gallery, from: 0, to: 1, order: Int32Array.of(1, 0), scores: Float32Array.of(0.9, 0.1) }
 * votesOf(block, 2).probabilities // => Float32Array.of(0.5, 1)
 * votesOf(block, 1).best // => [{ score: Math.fround(0.9), name: "b" }]
 */
export const votesOf = ({ from, gallery, order, scores, to }: Ranking, k: number): Votes => {
  const { classes, database, labels, names, queries } = gallery
  const [count, width] = [database.length, classes.length]
  const depth = Math.min(k, count)
  const probabilities = new Float32Array((to - from) * width)
  const own = new Uint8Array((to - from) * width)
  const best: Array<Votes["best"][number]> = []
  for (let row = 0; row < to - from; row++) {
    const query = queries[from + row]
    own.set(labels.subarray(query * width, (query + 1) * width), row * width)
    for (let rank = 0; rank < depth; rank++) {
      const image = database[order[row * count + rank]]
      for (let c = 0; c < width; c++) probabilities[row * width + c] += labels[image * width + c]
    }
    for (let c = 0; c < width; c++) probabilities[row * width + c] /= depth
    best.push({ score: scores[row * count], name: names[database[order[row * count]]] })
  }
  const asked = Array.from(queries.subarray(from, to), (query) => names[query])
  return { probabilities, labels: own, names: asked, best }
}
