/** The analysis of an archive, on a thread of its own. */
import { random } from "../../../../pipeline/random.ts"
import type { Work } from "../../../workers/thread.ts"
import { type Layout, layoutOf } from "./layout.ts"
import { type Labelled, type Pass, passOf } from "./queries.ts"

export interface Task extends Labelled {
  readonly seed: number
  readonly umap: boolean
  /** Most multiplications of the pass of queries. */
  readonly budget: number
}

export interface Analysis {
  readonly layout: Layout
  readonly pass: Pass
  /** Number of images that were queries. */
  readonly queries: number
}

export const work: Work<undefined, Task, Analysis> = () => (task) => {
  const { budget, count, dim, seed, umap } = task
  const most = Math.max(20, Math.floor(budget / (count * dim)))
  const queries = random(seed, 0, 0, "figures").permutation(count).subarray(0, Math.min(count, most)).sort()
  const output = { layout: layoutOf(task, seed, umap), pass: passOf(task, queries), queries: queries.length }
  return { output }
}
