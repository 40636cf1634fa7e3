/** Rows added up by TensorFlow's operation. */
import type { Info, Tensor } from "../tfjs.ts"
import { type Native, using } from "./ops.ts"

const TYPES = { T: "float32", Tindices: "int32", Tnumsegments: "int32" } as const

/**
 * Row s of the result, [count, ...], is the sum of those rows of x, [m, ...], whose segment is s.
 *
 * @param segments int32, one a row; disposed
 */
export const segmentSum = (native: Native, x: Info, segments: Tensor, count: number): Tensor =>
  using([segments, native.ints([count], [])], (ids, number) =>
    native.run("UnsortedSegmentSum", { type: TYPES }, [x, ids, number])
  )
