/** The weights that a network begins with: drawn, or of a file. */
import { resolve } from "node:path"
import type { NamedArray } from "../elements.ts"
import { drawnWeights, type Model } from "./model.ts"
import type { Target } from "./orders.ts"
import { loadWeights } from "./pretrained.ts"
import type { LoadReport } from "./report.ts"

/** Weights, and what became of the file that they are of. */
export interface Start {
  readonly arrays: ReadonlyArray<NamedArray>
  readonly report: LoadReport | undefined
}

/**
 * The weights that training starts from: drawn, or those of the `pretrained` file.
 *
 * @param target bands and classes of the run, into whose order those of the file are put
 * @throws WeightsError where the file cannot be read, or does not fit
 */
export const startOf = (model: Model, seed: number, target?: Target): Start => {
  const drawn = drawnWeights(model, seed)
  if (model.pretrained === undefined) return { arrays: drawn, report: undefined }
  const { file, ...said } = model.pretrained
  return loadWeights(resolve(file), model, drawn, said, target)
}
