/** The analysis of an archive, on threads that share its vectors. */
import { random } from "../../../../pipeline/random.ts"
import type { Range } from "../../../../pipeline/splits.ts"
import type { Work } from "../../../workers/thread.ts"
import { type Beginning, beginning, placesBetween } from "./layout.ts"
import { assign, centresOf, type Members, type Neighbours, searchGroups } from "./neighbours.ts"
import { type Labelled, type Pass, passOf } from "./queries.ts"
import { type Relations, relationsOf } from "./relations.ts"

/** Queries of a pass, and what it found. */
interface Measured extends Pass {
  /** Numbers of the images that were queries. */
  readonly queries: Int32Array
}

/** What the threads can do: input and output by name. */
export interface Jobs {
  readonly map: { readonly in: { readonly umap: boolean }; readonly out: Beginning }
  readonly place: { readonly in: Range & { readonly begun: Beginning }; readonly out: Float32Array }
  /** `budget`: most multiplications. */
  readonly pass: { readonly in: { readonly budget: number }; readonly out: Measured }
  readonly centres: { readonly in: object; readonly out: Float32Array }
  readonly assign: { readonly in: Range & { readonly centres: Float32Array }; readonly out: undefined }
  readonly search: {
    readonly in: Range & { readonly members: Members; readonly centres: Float32Array }
    readonly out: undefined
  }
  readonly relations: {
    readonly in: { readonly queries: Int32Array; readonly nearest: Int32Array }
    readonly out: Relations
  }
}

export type Job = { readonly [K in keyof Jobs]: { readonly kind: K; readonly input: Jobs[K]["in"] } }[keyof Jobs]

/** What all threads know; arrays lie in shared memory. */
export interface Known {
  readonly all: Labelled
  readonly neighbours: Neighbours
  readonly seed: number
}

const pass = ({ all, seed }: Known, budget: number): Measured => {
  const most = Math.max(20, Math.floor(budget / (all.count * all.dim)))
  const drawn = random(seed, 0, 0, "figures").permutation(all.count)
  const queries = drawn.slice(0, Math.min(all.count, most)).sort()
  return { ...passOf(all, queries), queries }
}

const done = (known: Known, { input, kind }: Job): Jobs[keyof Jobs]["out"] => {
  const { all, neighbours, seed } = known
  switch (kind) {
    case "map":
      return beginning(all, seed, input.umap)
    case "place":
      return placesBetween(input.begun, input.from, input.to)
    case "pass":
      return pass(known, input.budget)
    case "centres":
      return centresOf(all, neighbours.groups, seed)
    case "assign":
      assign(all, neighbours, input.centres, input.from, input.to)
      return undefined
    case "search":
      searchGroups(all, neighbours, input.members, input.centres, input.from, input.to)
      return undefined
    case "relations":
      return relationsOf(all, neighbours, input.queries, input.nearest)
  }
}

export const work: Work<Known, Job, Jobs[keyof Jobs]["out"]> = (known) => (job) => ({ output: done(known, job) })
