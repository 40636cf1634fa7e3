/** One patch as a store holds it: safetensors, one tensor per band, class names as metadata. */
import type { Band, Nomenclature, RawPatch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { decodeMetadata, decodeSafetensors, type Tensor } from "../../formats/safetensors/read.ts"
import { encodeSafetensors } from "../../formats/safetensors/write.ts"
import { CLASSES_19, encode19 } from "../archives/bigearthnet/corine-labels.ts"
import {
  encodeLabels,
  NOMENCLATURE_NAMES,
  type NomenclatureName,
  nomenclatureOf,
  OWN,
  ownNomenclature,
  translateLabels
} from "../archives/nomenclatures.ts"
import { namesOf } from "../archives/shared/class-list.ts"
import { countNodata } from "../patches/reading/nodata.ts"

type Metadata = Readonly<Record<string, string>>

/** Labels are kept under `labels_NOMENCLATURE`, the classes of an archive's own list under `classes`. */
const LABELS = "labels_"

const labelsMetadata = ({ labels, name, nomenclature }: RawPatch): Metadata => {
  const told = JSON.stringify(namesOf(encodeLabels(labels, nomenclature, name), nomenclature.classes))
  if (nomenclature.name === OWN) return { [LABELS + OWN]: told, classes: JSON.stringify(nomenclature.classes) }
  if (nomenclature.name !== "43") return { [LABELS + nomenclature.name]: told }
  return { labels_43: told, labels_19: JSON.stringify(namesOf(encode19(labels), CLASSES_19)) }
}

/** The key of the values that mark pixels without data: a JSON object from band names to numbers, or one number for all. */
const NODATA = "nodata"

/** Numbers that JSON does not know. */
const WORDS: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY
}

const wordOf = (value: number): number | string =>
  Object.keys(WORDS).find((word) => Object.is(WORDS[word], value)) ?? value

/** The values that mark pixels without data, for bands that have such pixels; values of other patches stay unchanged. */
const nodataMetadata = ({ bands }: RawPatch): Metadata => {
  const marks = bands.flatMap((band) => {
    const { name, nodata } = band
    return nodata !== undefined && countNodata(band, nodata) > 0 ? [[name, wordOf(nodata)] as const] : []
  })
  return marks.length === 0 ? {} : { [NODATA]: JSON.stringify(Object.fromEntries(marks)) }
}

/**
 * Encodes the value of a patch: bands [height, width] in native dtype and size, class names as a JSON list. BigEarthNet v1
 * has both nomenclatures, as `labels_43` and `labels_19`. Values that mark pixels without data are kept under `nodata`.
 *
 * @throws DataError if a label is unknown, or two bands share a name
 */
export const encodeValue = (patch: RawPatch): Uint8Array =>
  encodeSafetensors(
    patch.bands.map(({ name, dtype, height, width, data }) => ({ name, dtype, shape: [height, width], data })),
    { ...labelsMetadata(patch), ...nodataMetadata(patch) }
  )

const wrong = (name: string, problem: string, cause?: unknown): DataError =>
  new DataError({ subject: name, problem, remedy: "Run the pipeline that stores patches again", cause })

const listIn = (metadata: Metadata, key: string, name: string): ReadonlyArray<string> => {
  let list: unknown
  try {
    list = JSON.parse(metadata[key] ?? "null")
  } catch (cause) {
    throw wrong(name, `has ${key} that are not JSON`, cause)
  }
  if (!Array.isArray(list) || !list.every((label) => typeof label === "string")) {
    throw wrong(name, `has no ${key} in its store`)
  }
  return list
}

/** The nomenclature of a value's labels; BigEarthNet's 19 classes are preferred to its 43. */
const storedIn = (metadata: Metadata, name: string): Nomenclature => {
  for (const known of NOMENCLATURE_NAMES) {
    if (known !== OWN && metadata[LABELS + known] !== undefined) return nomenclatureOf(known)
  }
  if (metadata[LABELS + OWN] !== undefined) return ownNomenclature(listIn(metadata, "classes", name))
  throw new DataError({
    subject: name,
    problem: "has no labels in its store",
    remedy: "Name the archive that supplies them, `read: { labels: FOLDER }`; its images may be missing"
  })
}

/** Multi-hot labels, and their classes in order. */
export interface Labelled {
  readonly labels: Uint8Array
  readonly classes: ReadonlyArray<string>
}

const labelsIn = (metadata: Metadata, name: string, wanted: NomenclatureName): Labelled => {
  const to = wanted === OWN ? storedIn(metadata, name) : nomenclatureOf(wanted)
  const from = metadata[LABELS + to.name] === undefined ? storedIn(metadata, name) : to
  const labels = listIn(metadata, LABELS + from.name, name)
  return { labels: translateLabels(labels, from, to, name), classes: to.classes }
}

/**
 * Reads only the labels of a value.
 *
 * @throws DataError if the value is damaged, or has no labels in this nomenclature
 */
export const decodeLabels = (bytes: Uint8Array, name: string, nomenclature: NomenclatureName): Labelled =>
  labelsIn(decodeMetadata(bytes, name), name, nomenclature)

export interface StoredPatch extends Labelled {
  readonly bands: ReadonlyArray<Band>
}

/** The value that marks pixels without data, by band. */
const marksIn = (metadata: Metadata, name: string): ((band: string) => number | undefined) => {
  const text = metadata[NODATA]
  if (text === undefined) return () => undefined
  const markFrom = (value: unknown) => (typeof value === "number" ? value : WORDS[String(value)])
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== "object" || parsed === null) {
      const all = markFrom(parsed)
      if (all !== undefined) return () => all
    } else if (Object.values(parsed).every((value) => markFrom(value) !== undefined)) {
      const marks = parsed as Readonly<Record<string, unknown>>
      return (band) => (Object.hasOwn(marks, band) ? markFrom(marks[band]) : undefined)
    }
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  throw wrong(name, `has \`${NODATA}: ${text.slice(0, 40)}\` in its store, which is not a number for each band`)
}

const bandsIn = (tensors: ReadonlyArray<Tensor>, metadata: Metadata, patch: string): ReadonlyArray<Band> => {
  const markOf = marksIn(metadata, patch)
  return tensors.map(({ data, dtype, name, shape }): Band => {
    if (shape.length !== 2) throw wrong(patch, `has band ${name} with ${shape.length} dimensions, expected 2`)
    const nodata = markOf(name)
    const band = { name, dtype, height: shape[0], width: shape[1], data }
    return nodata === undefined ? band : { ...band, nodata }
  })
}

/**
 * Reads only the bands of a value, as copies.
 *
 * @throws DataError if the value is damaged, or a tensor is not a band
 */
export const decodeBands = (bytes: Uint8Array, name: string): ReadonlyArray<Band> => {
  const { metadata, tensors } = decodeSafetensors(bytes, name)
  return bandsIn(tensors, metadata, name)
}

/**
 * Reads a value, its bands as copies.
 *
 * @throws DataError if the value is damaged, or a tensor is not a band
 */
export const decodeValue = (bytes: Uint8Array, name: string, nomenclature: NomenclatureName): StoredPatch => {
  const { tensors, metadata } = decodeSafetensors(bytes, name)
  return {
    bands: bandsIn(tensors, metadata, name),
    ...labelsIn(metadata, name, nomenclature)
  }
}
