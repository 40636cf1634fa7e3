/** A random sample of vectors that pass, without keeping the others (Vitter, ACM TOMS 1985, algorithm R). */
import type { Random } from "../../../pipeline/random.ts"
import { joined } from "../../joined.ts"

/** A sample that grows up to a limit; every vector has the same chance to be in it. */
export interface Reservoir {
  /** @param vectors float32 [n, dim] */
  readonly add: (vectors: Float32Array, dim: number) => void
  /** The sample in one matrix: float32 [up to limit, dim]. */
  readonly sample: () => Float32Array
}

export const reservoir = (limit: number, { int }: Random): Reservoir => {
  const kept: Array<Float32Array> = []
  let seen = 0
  return {
    add: (vectors, dim) => {
      for (let at = 0; at < vectors.length; at += dim) {
        const place = seen < limit ? seen : int(seen + 1)
        seen++
        if (place < limit) kept[place] = vectors.slice(at, at + dim)
      }
    },
    sample: () => joined([new Float32Array(0), ...kept])
  }
}
