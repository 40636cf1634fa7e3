/** The weights that a network starts from, without what became of their file. */
import type { NamedArray } from "../../../src/ops/elements.ts"
import { startOf } from "../../../src/ops/model/weights/start.ts"

export const initialWeights = (...given: Parameters<typeof startOf>): ReadonlyArray<NamedArray> =>
  startOf(...given).arrays
