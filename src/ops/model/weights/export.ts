/** Weights for other programs: under the original's names, in its order, with a manifest. */
import type { NamedArray } from "../../elements.ts"
import { type Written, writeSafetensors } from "../load/safetensors.ts"

const COUNTER = "num_batches_tracked"
const EXPONENT = "head.pool.pool.p"

/**
 * All arrays in the form of the original's state dict: with PyTorch's counters of batches, which are 0 here, after each
 * running variance, and the exponent of GeM pooling under both of its names.
 *
 * @param arrays all of a network, in its order
 */
export const stateDictOf = (arrays: ReadonlyArray<NamedArray>): ReadonlyArray<Written> =>
  arrays.flatMap(({ name, shape, data }): ReadonlyArray<Written> => {
    if (!(data instanceof Float32Array)) throw new TypeError(`array ${name} does not hold float32 values`)
    const array = { name, shape, data }
    if (name === EXPONENT) return [array, { ...array, name: `head.${EXPONENT}` }]
    if (!name.endsWith(".running_var")) return [array]
    const counter = name.replace(/running_var$/, COUNTER)
    return [array, { name: counter, shape: [], data: BigInt64Array.of(0n) }]
  })

/**
 * A safetensors file whose metadata `manifest` is a manifest as JSON. With the names of the network, PyTorch loads it with
 * `strict=True` into the original's network of the same parameters.
 *
 * @param arrays all arrays of a network, in its order, under its own names or those of a library
 */
export const exportWeights = (arrays: ReadonlyArray<NamedArray>, manifest: object): Uint8Array =>
  writeSafetensors(stateDictOf(arrays), { format: "pt", manifest: JSON.stringify(manifest) })
