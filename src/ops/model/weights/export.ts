/** Weights for other programs: under the original's names, in its order, with a manifest. */
import type { NamedArray, NetworkFacts } from "../../elements.ts"
import { type Written, writeSafetensors } from "../load/safetensors.ts"

/** What weights belong to. */
export interface Manifest extends Pick<NetworkFacts, "bands" | "classes"> {
  /** Parameters of the network. */
  readonly architecture: NetworkFacts["model"]
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
 *
 * @param arrays all of a network, in its order
 */
export const stateDictOf = (arrays: ReadonlyArray<NamedArray>): ReadonlyArray<Written> =>
  arrays.flatMap(({ name, shape, data }): ReadonlyArray<Written> => {
    if (!(data instanceof Float32Array)) throw new TypeError(`array ${name} holds no float32 values`)
    const array = { name, shape, data }
    if (name === EXPONENT) return [array, { ...array, name: `head.${EXPONENT}` }]
    if (!name.endsWith(".running_var")) return [array]
    const counter = name.replace(/running_var$/, COUNTER)
    return [array, { name: counter, shape: [], data: BigInt64Array.of(0n) }]
  })

/**
 * A safetensors file that PyTorch loads with `strict=True` into the original's network of the same parameters. Its
 * metadata `manifest` is the manifest as JSON.
 */
export const exportWeights = (arrays: ReadonlyArray<NamedArray>, manifest: Manifest): Uint8Array =>
  writeSafetensors(stateDictOf(arrays), { format: "pt", manifest: JSON.stringify(manifest) })
