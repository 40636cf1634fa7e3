/** Weights for others: under the names of the original, in its order, with what they mean. */
import type { NamedArray, NetworkFacts } from "../elements.ts"
import { type Written, writeSafetensors } from "./files/safetensors.ts"
import type { Model } from "./model.ts"

/** What weights belong to, beside the architecture. */
export interface Meaning extends Pick<NetworkFacts, "bands" | "classes"> {
  /** How pixels were scaled before they entered. */
  readonly normalisation: string
  /** Of the programs that made them. */
  readonly versions: Readonly<Record<string, string>>
}

const COUNTER = "num_batches_tracked"
const EXPONENT = "head.pool.pool.p"

/**
 * All arrays as the original's state dict has them: PyTorch's counters of batches, which are 0 here, behind each running
 * variance, and the exponent of GeM pooling under both of its names.
 */
export const stateDictOf = (model: Model, arrays: ReadonlyArray<NamedArray>): ReadonlyArray<Written> => {
  const given = new Map(arrays.map((array) => [array.name, array]))
  return model.parameters.flatMap(({ name, shape }): ReadonlyArray<Written> => {
    const data = given.get(name)?.data
    if (!(data instanceof Float32Array)) throw new TypeError(`no weights under the name ${name}`)
    const array = { name, shape, data }
    if (name === EXPONENT) return [array, { ...array, name: `head.${EXPONENT}` }]
    if (!name.endsWith(".running_var")) return [array]
    const counter = name.replace(/running_var$/, COUNTER)
    return [array, { name: counter, shape: [], data: BigInt64Array.of(0n) }]
  })
}

/**
 * A safetensors file that PyTorch loads with `strict=True` into the original's network of the same parameters. Its
 * metadata `manifest` is JSON: architecture, bands and classes in order, normalisation, versions.
 */
export const exportWeights = (model: Model, arrays: ReadonlyArray<NamedArray>, meaning: Meaning): Uint8Array => {
  const manifest = { architecture: model.params, ...meaning }
  return writeSafetensors(stateDictOf(model, arrays), { format: "pt", manifest: JSON.stringify(manifest) })
}
