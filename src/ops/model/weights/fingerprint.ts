/** Fingerprints of weights. They show whether two embeddings come from the same network. */
import { createHash } from "node:crypto"
import type { NamedArray } from "../../elements.ts"

/**
 * First 16 hexadecimal digits of the SHA-256 of names, shapes and values, in the order of the network. Equal weights have
 * equal fingerprints, whatever the format of their file.
 *
 * @param arrays all arrays of a network, in its order, as `startingWeights` and `weightsOfFile` return them
 *
 * @example
 * fingerprint([{ name: "w", shape: [1], data: Float32Array.of(0) }]).length // => 16
 */
export const fingerprint = (arrays: ReadonlyArray<NamedArray>): string => {
  const hash = createHash("sha256")
  for (const { name, shape, data } of arrays) {
    hash.update(`${name} ${shape.join()}\n`)
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest("hex").slice(0, 16)
}
