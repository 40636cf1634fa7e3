/** One patch as a store holds it: safetensors, one tensor per band, class names as metadata. */
import type { Band, RawPatch } from "../../elements.ts"
import { DataError } from "../errors.ts"
import { CLASSES_19, CLASSES_43, encode19, encode43, type Nomenclature, namesOf } from "../labels.ts"
import { decodeMetadata, decodeSafetensors, encodeSafetensors } from "../safetensors.ts"

/**
 * The value of a patch: bands [height, width] in native dtype and size, `labels_43` and `labels_19` as JSON lists.
 *
 * @throws DataError where a label is unknown, or two bands share a name
 */
export const encodeValue = ({ name, bands, labels }: RawPatch): Uint8Array =>
  encodeSafetensors(
    bands.map((band) => ({ name: band.name, dtype: band.dtype, shape: [band.height, band.width], data: band.data })),
    {
      labels_43: JSON.stringify(namesOf(encode43(labels, name), CLASSES_43)),
      labels_19: JSON.stringify(namesOf(encode19(labels), CLASSES_19))
    }
  )

const wrong = (name: string, problem: string, cause?: unknown): DataError =>
  new DataError({ subject: name, problem, remedy: "Run the pipeline that stores patches again", cause })

const labelsIn = (metadata: Readonly<Record<string, string>>, name: string, nomenclature: Nomenclature): Uint8Array => {
  const key = `labels_${nomenclature}`
  let labels: unknown
  try {
    labels = JSON.parse(metadata[key] ?? "null")
  } catch (cause) {
    throw wrong(name, `has ${key} that are not JSON`, cause)
  }
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string")) {
    throw wrong(name, `has no ${key} in its store`)
  }
  return nomenclature === "19" ? encode19(labels) : encode43(labels, name)
}

/**
 * Reads the labels of a value only, multi-hot.
 *
 * @throws DataError where the value is damaged or has no labels
 */
export const decodeLabels = (bytes: Uint8Array, name: string, nomenclature: Nomenclature): Uint8Array =>
  labelsIn(decodeMetadata(bytes, name), name, nomenclature)

export interface StoredPatch {
  readonly bands: ReadonlyArray<Band>
  /** Multi-hot. */
  readonly labels: Uint8Array
}

/**
 * Reads a value. Bands are copies.
 *
 * @throws DataError where the value is damaged, or a tensor is no band
 */
export const decodeValue = (bytes: Uint8Array, name: string, nomenclature: Nomenclature): StoredPatch => {
  const { tensors, metadata } = decodeSafetensors(bytes, name)
  const bands = tensors.map(({ name: band, dtype, shape, data }): Band => {
    if (shape.length !== 2) throw wrong(name, `has band ${band} with ${shape.length} dimensions, expected 2`)
    return { name: band, dtype, height: shape[0], width: shape[1], data }
  })
  return { bands, labels: labelsIn(metadata, name, nomenclature) }
}
