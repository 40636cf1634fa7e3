/**
 * A fitted product quantisation on disk: safetensors with `centres.0`, `centres.1` ... float32 [up to 256, width], one for each
 * part of a vector. The metadata `manifest` records how it was fitted.
 */
import { readFileSync } from "node:fs"
import { messageOf } from "../../../pipeline/words.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { decodeSafetensors } from "../../formats/safetensors/read.ts"
import { encodeSafetensors } from "../../formats/safetensors/write.ts"
import { RetrieveError, unwritable } from "../retrieve-error.ts"
import { boundsOf, type Codebook } from "./product.ts"

const FORMAT = "orbitrank pq 1"

/** How a codebook was fitted. */
export interface CodebookManifest {
  readonly format: string
  readonly experiment: string
  /** Length of a vector, and number of its parts. */
  readonly dim: number
  readonly parts: number
  /** Number of embeddings that passed, and fingerprint of their weights; `null` if it is unknown. */
  readonly count: number
  readonly weights: string | null
}

/** A codebook and how it was fitted. */
export interface FittedCodebook extends Codebook {
  readonly manifest: CodebookManifest
}

/** Writes a codebook. @throws RetrieveError if the file cannot be written */
export const writeCodebook = (
  path: string,
  { bounds, centres }: Codebook,
  manifest: Omit<CodebookManifest, "format">
): void => {
  const tensors = centres.map((data, part) => {
    const width = bounds[part + 1] - bounds[part]
    return { name: `centres.${part}`, dtype: "float32" as const, shape: [data.length / width, width], data }
  })
  try {
    writeFileAtomic(path, encodeSafetensors(tensors, { manifest: JSON.stringify({ format: FORMAT, ...manifest }) }))
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

/** @throws Error if the bytes are not a codebook */
const decoded = (bytes: Uint8Array, path: string): FittedCodebook => {
  const { metadata, tensors } = decodeSafetensors(bytes, path)
  const manifest = JSON.parse(metadata.manifest ?? "null") as CodebookManifest | null
  if (manifest?.format !== FORMAT) throw new Error("it is not a fitted product quantisation")
  const { dim, parts } = manifest
  const bounds = boundsOf(dim, parts)
  const centres = Array.from({ length: parts }, (_, part) => {
    const found = tensors.find(({ name }) => name === `centres.${part}`)
    const width = bounds[part + 1] - bounds[part]
    if (found === undefined || found.shape.length !== 2 || found.shape[1] !== width || found.shape[0] < 1) {
      throw new Error(`it has no centres.${part} of ${width} columns`)
    }
    return Float32Array.from(found.data)
  })
  return { dim, bounds, centres, manifest }
}

/** Reads a codebook. @throws RetrieveError if there is no such file, or if it is not a codebook */
export const readCodebook = (path: string): FittedCodebook => {
  try {
    return decoded(readFileSync(path), path)
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT"
    throw new RetrieveError({
      subject: path,
      problem: missing ? "there is no such file" : `cannot be read as a product quantisation (${messageOf(cause)})`,
      remedy: "Give a file that `fit-pq` wrote, or run `fit-pq` again",
      cause
    })
  }
}
