/** Extraction on a worker thread, which has a WebAssembly engine of its own. */
import type { Batch, NamedArray } from "../../elements.ts"
import { makeModel } from "../../model/model.ts"
import type { ModelParams } from "../../model/params.ts"
import { openTfjs } from "../../tensor/open.ts"
import type { Work } from "../../workers/thread.ts"
import { type Extracted, type Extractor, extractor } from "./extract.ts"

/** Data of a thread: the network that it applies. */
export interface Network {
  readonly model: ModelParams
  readonly arrays: ReadonlyArray<NamedArray>
  readonly predict: boolean
  /** Bytes of tensors that a thread may hold. */
  readonly limit: number | undefined
}

export const work: Work<Network, Batch, Extracted> = async ({ model, arrays, predict, limit }) => {
  const engine = await openTfjs("wasm", "a worker thread's own", limit)
  let opened: Extractor | undefined
  return (batch) => {
    // Opened with the first batch: if the weights do not fit, that task fails and not the thread.
    opened ??= extractor(engine, makeModel(model), arrays, predict)
    const output = opened.extract(batch)
    return { output, transfer: [output.vectors.buffer] }
  }
}
