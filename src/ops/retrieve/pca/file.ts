/**
 * A fitted compression on disk: safetensors with `mean` [d], `components` [k, d] and `variances` [k], float64. The metadata
 * `manifest` records how it was fitted.
 */
import { readFileSync } from "node:fs"
import { DataError } from "../../formats/data-error.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { decodeSafetensors } from "../../formats/safetensors/read.ts"
import { encodeSafetensors } from "../../formats/safetensors/write.ts"
import { RetrieveError, unwritable } from "../retrieve-error.ts"
import type { Components } from "./pca.ts"

const FORMAT = "orbitrank pca 1"

/** The data on which a compression was fitted. */
export interface Provenance {
  readonly experiment: string
  /** The steps that made the embeddings. Their parameters include split, network and weights. */
  readonly pipeline: unknown
  /** Fingerprint of the weights that made the embeddings; `null` if another program made them. */
  readonly weights: string | null
  /** Number of embeddings. */
  readonly count: number
}

export interface Fitted extends Components {
  readonly provenance: Provenance
}

/**
 * Fraction of the variance that the first `to` components explain.
 *
 * @example
 * explained({ total: 8, variances: Float64Array.of(4, 2, 1) }, 2) // => 0.75
 */
export const explained = ({ total, variances }: Pick<Components, "total" | "variances">, to: number): number =>
  variances.subarray(0, to).reduce((sum, variance) => sum + variance, 0) / total

export const encodePca = (fitted: Fitted): Uint8Array => {
  const { components, mean, provenance, total, variances } = fitted
  const [k, d] = [variances.length, mean.length]
  const manifest = { format: FORMAT, ...provenance, total_variance: total, explained: explained(fitted, k) }
  return encodeSafetensors(
    [
      { name: "mean", dtype: "float64", shape: [d], data: mean },
      { name: "components", dtype: "float64", shape: [k, d], data: components },
      { name: "variances", dtype: "float64", shape: [k], data: variances }
    ],
    { manifest: JSON.stringify(manifest) }
  )
}

/** Writes a compression. @throws RetrieveError if the file cannot be written */
export const writePca = (path: string, fitted: Fitted): void => {
  try {
    writeFileAtomic(path, encodePca(fitted))
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

const remedy = "Give a file that `fit-pca` wrote, or run `fit-pca` again"

const manifestOf = (text: string | undefined): (Provenance & { readonly total_variance: number }) | undefined => {
  try {
    const manifest = JSON.parse(text ?? "null") as (Provenance & { format: string; total_variance: number }) | null
    const { format, count, total_variance: total } = manifest ?? {}
    return format === FORMAT && Number.isSafeInteger(count) && Number.isFinite(total)
      ? (manifest ?? undefined)
      : undefined
  } catch {
    return undefined
  }
}

/** Parses a compression. @throws RetrieveError if the bytes are not a valid compression */
export const decodePca = (bytes: Uint8Array, path: string): Fitted => {
  const { metadata, tensors } = decodeSafetensors(bytes, path)
  const manifest = manifestOf(metadata.manifest)
  const refuse = (problem: string) => new RetrieveError({ subject: path, problem, remedy })
  if (manifest === undefined) throw refuse("is not a fitted compression")
  const of = (name: string) => tensors.find((tensor) => tensor.name === name)
  const [mean, components, variances] = ["mean", "components", "variances"].map(of)
  const [k, d] = components?.shape ?? []
  const sound =
    components?.shape.length === 2 &&
    k > 0 &&
    d >= k &&
    mean?.shape.join() === `${d}` &&
    variances?.shape.join() === `${k}`
  if (!sound) throw refuse("lacks mean [d], components [k, d] or variances [k]")
  const values = [mean, components, variances].map((tensor) => {
    const data = tensor?.data
    if (!(data instanceof Float64Array) || !data.every(Number.isFinite))
      throw refuse("contains values that are not finite float64 numbers")
    return data
  })
  if (!values[2].every((variance) => variance > 0)) throw refuse("has a variance that is not positive")
  const { count, experiment, pipeline, total_variance: total, weights } = manifest
  return {
    mean: values[0],
    components: values[1],
    variances: values[2],
    total,
    provenance: { experiment, pipeline, weights, count }
  }
}

/** Reads a compression. @throws RetrieveError if there is no such file, or if it is not a compression */
export const readPca = (path: string): Fitted => {
  try {
    return decodePca(readFileSync(path), path)
  } catch (cause) {
    if (cause instanceof RetrieveError) throw cause
    if (cause instanceof DataError) throw new RetrieveError({ subject: path, problem: cause.problem, remedy, cause })
    const { code } = cause as NodeJS.ErrnoException
    const problem = code === "ENOENT" ? "there is no such file" : `cannot be read (${(cause as Error).message})`
    throw new RetrieveError({ subject: path, problem, remedy, cause })
  }
}
