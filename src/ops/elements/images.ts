/**
 * Patches, from the archive to the network.
 *
 * Images are row-major [height, width, channel] float32 once assembled; bands are row-major [height, width] in the dtype
 * of the archive. Labels are multi-hot uint8 vectors in the order of `classes`.
 */
import { type AnyElement, element } from "../../pipeline/element.ts"
import type { Dtype, Pixels } from "../formats/dtypes.ts"

/** The part of an experiment that a patch belongs to. */
export type Split = "train" | "val" | "test"

export type { Dtype, Pixels } from "../formats/dtypes.ts"

/** One band of a patch at its native size: row-major [height, width]. */
export interface Band {
  readonly name: string
  readonly dtype: Dtype
  readonly height: number
  readonly width: number
  readonly data: Pixels
  /** The value of pixels without data, NaN included; absent if every value counts. */
  readonly nodata?: number | undefined
}

/** Classes in the order of label vectors, under the name that files and parameters use. */
export interface Nomenclature {
  readonly name: string
  readonly classes: ReadonlyArray<string>
}

/** A patch as an archive lists it, before any pixel is read. */
export interface PatchRef extends AnyElement {
  readonly kind: "reference"
  /** Kind of its archive, which determines how its files are read. */
  readonly archive: string
  readonly name: string
  readonly folder: string
  /** Its files in `folder`, by their role; empty if the name of the patch determines them. */
  readonly files: Readonly<Record<string, string>>
  /** Further facts from the archive, such as its country. */
  readonly facts: Readonly<Record<string, string>>
  /** Names of its classes, as in `nomenclature`. */
  readonly labels: ReadonlyArray<string>
  readonly nomenclature: Nomenclature
  /** Its part in the division of the archive, if there is one; the operator `split` decides whether that is used. */
  readonly split: Split | undefined
}
export const PatchRef = element<PatchRef>(
  "reference",
  "references",
  "a patch of an archive: name, folder, class names, split"
)

/** A decoded patch: every band at its native size and dtype. */
export interface RawPatch extends AnyElement {
  readonly kind: "raw"
  readonly name: string
  /** Names of its classes, as in `nomenclature`. */
  readonly labels: ReadonlyArray<string>
  readonly nomenclature: Nomenclature
  readonly split: Split | undefined
  readonly bands: ReadonlyArray<Band>
}
export const RawPatch = element<RawPatch>("raw", "raw patches", "a decoded patch: every band at native size and dtype")

/** Summary of a store that was written. */
export interface Stored extends AnyElement {
  readonly kind: "stored"
  readonly path: string
  readonly patches: number
  /** Number of patches that were already in the store and were left unchanged. */
  readonly kept: number
  readonly skipped: ReadonlyArray<{ readonly name: string; readonly why: string }>
}
export const Stored = element<Stored>("stored", "store summaries", "how many patches a store holds")

/** One image, ready for augmentation: float32 [height, width, channels]. */
export interface Patch extends AnyElement {
  readonly kind: "patch"
  readonly name: string
  /** Position in the list of its split. Index and epoch are the key of every random draw for this patch. */
  readonly index: number
  readonly epoch: number
  readonly image: Float32Array
  readonly height: number
  readonly width: number
  /** Names of the channels, in order. */
  readonly bands: ReadonlyArray<string>
  /** uint8 [height, width, channel]: 1 for a value that was filled in for want of data; absent if no value was. */
  readonly nodata?: Uint8Array | undefined
  /** The value of white, if the pixel type determines it. */
  readonly white?: number | undefined
  /** Multi-hot, in the order of `classes`. */
  readonly labels: Uint8Array
  readonly classes: ReadonlyArray<string>
}
export const Patch = element<Patch>("patch", "patches", "one image, float32 [h, w, c], with multi-hot labels")

/** `size` patches stacked: images float32 [size, height, width, channels], labels uint8 [size, classes]. */
export interface Batch extends AnyElement {
  readonly kind: "batch"
  readonly epoch: number
  readonly size: number
  readonly names: ReadonlyArray<string>
  readonly indices: Int32Array
  readonly images: Float32Array
  readonly height: number
  readonly width: number
  readonly bands: ReadonlyArray<string>
  readonly labels: Uint8Array
  /** Weights of labels from 0 to 1, float32 [size, classes], if patches are mixtures; losses then use them. */
  readonly soft?: Float32Array | undefined
  readonly classes: ReadonlyArray<string>
}
/** Number of batches that are prepared while a network computes. */
export const BATCHES_AHEAD = 2
export const Batch = element<Batch>("batch", "batches", "patches stacked to float32 [n, h, w, c] with labels [n, L]")
