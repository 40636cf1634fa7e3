/** Extraction on a worker thread, which has a WebAssembly engine of its own. */
import type { Batch, NamedArray } from "../elements.ts"
import { type ModelParams, makeModel } from "../model/model.ts"
import { openTfjs } from "../tensor/open.ts"
import type { Work } from "../workers/thread.ts"
import { type Extractor, extractor } from "./extract.ts"

export interface Network {
  readonly model: ModelParams
  readonly arrays: ReadonlyArray<NamedArray>
  /** Bytes of tensors that a thread may hold. */
  readonly limit: number | undefined
}

export const work: Work<Network, Batch, Float32Array> = async ({ model, arrays, limit }) => {
  const engine = await openTfjs("wasm", "a worker thread's own", limit)
  let opened: Extractor | undefined
  return (batch) => {
    // With the first batch, so that weights that do not fit fail a task, not the thread.
    opened ??= extractor(engine, makeModel(model), arrays)
    const output = opened.vectors(batch)
    return { output, transfer: [output.buffer] }
  }
}
