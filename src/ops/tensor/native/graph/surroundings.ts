/** What the graphs of one engine share. */
import type { Info } from "../../tfjs.ts"
import type { Precision } from "../process.ts"
import type { Functions } from "./functions.ts"
import type { RecordedBackend, TensorFacts } from "./recorder.ts"

/** The backend of TensorFlow.js, as far as graphs use it. */
export interface GraphBackend extends RecordedBackend {
  readonly tensorMap: { readonly get: (dataId: object) => { readonly id: number; readonly dtype: number } }
}

export interface Surroundings {
  readonly backend: GraphBackend
  readonly functions: Functions
  readonly precision: Precision
  /** Batches of an extraction that are under way at a time; with 1, they run on the thread that asks for them. */
  readonly together: number
  /** Notes why a shape runs operation by operation. */
  readonly refuse: (why: string) => void
}

/** Returns the number of a tensor in the binding; negative if no operation has used it yet. */
export const idOf = (backend: GraphBackend, { dataId }: Info): number => backend.tensorMap.get(dataId).id

/** Returns what the binding knows of tensors. */
export const factsOf = (backend: GraphBackend, tensors: ReadonlyArray<Info>): ReadonlyMap<number, TensorFacts> =>
  new Map(
    tensors.flatMap(({ dataId, shape }) => {
      const { dtype, id } = backend.tensorMap.get(dataId)
      return id < 0 ? [] : [[id, { id, shape, dtype }] as const]
    })
  )

/**
 * Values by name, of which the least recently used is forgotten.
 *
 * @param forget frees a value
 */
export const fewNames = <A>(most: number, forget: (value: A) => void = () => {}) => {
  const known = new Map<string, A>()
  const remove = (name: string): void => {
    const found = known.get(name)
    if (known.delete(name)) forget(found as A)
  }
  return {
    get: (name: string): A | undefined => {
      const found = known.get(name)
      if (found !== undefined) {
        known.delete(name)
        known.set(name, found)
      }
      return found
    },
    /** The name must be unknown, or the value replaces one that needs no freeing. */
    set: (name: string, value: A): void => {
      known.delete(name)
      if (known.size === most) remove(known.keys().next().value as string)
      known.set(name, value)
    },
    clear: (): void => [...known.keys()].forEach(remove)
  }
}
