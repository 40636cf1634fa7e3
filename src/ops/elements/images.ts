/**
 * Patches on their way from an archive to a network.
 *
 * Images are row-major [height, width, channel] float32 once assembled; bands are row-major [height, width] in the dtype
 * they are archived in. Labels are multi-hot uint8 vectors in the order of `classes`.
 */
import { type AnyElement, element } from "../../pipeline/element.ts"
import type { Dtype, Pixels } from "../formats/dtypes.ts"

/** Which part of an experiment a patch belongs to. */
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
  /** The kind of archive it is of: what reads its files. */
  readonly archive: string
  readonly name: string
  readonly folder: string
  /** Its files in `folder`, by what they are; empty where its name says it all. */
  readonly files: Readonly<Record<string, string>>
  /** What else the archive says of it, such as its country. */
  readonly facts: Readonly<Record<string, string>>
  /** Names of classes, of `nomenclature`. */
  readonly labels: ReadonlyArray<string>
  readonly nomenclature: Nomenclature
  /** The archive's own division, where it has one; `split` decides. */
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
  /** Names of classes, of `nomenclature`. */
  readonly labels: ReadonlyArray<string>
  readonly nomenclature: Nomenclature
  readonly split: Split | undefined
  readonly bands: ReadonlyArray<Band>
}
export const RawPatch = element<RawPatch>("raw", "raw patches", "a decoded patch: every band at native size and dtype")

/** What the store operator says at its end. */
export interface Stored extends AnyElement {
  readonly kind: "stored"
  readonly path: string
  readonly patches: number
  /** How many of them stood in the store already and were left as they are. */
  readonly kept: number
  readonly skipped: ReadonlyArray<{ readonly name: string; readonly why: string }>
}
export const Stored = element<Stored>("stored", "store summaries", "how many patches a store holds")

/** One image, ready for augmentation: float32 [height, width, channels]. */
export interface Patch extends AnyElement {
  readonly kind: "patch"
  readonly name: string
  /** Position in its split's list; with the epoch, the key of every random draw about this patch. */
  readonly index: number
  readonly epoch: number
  readonly image: Float32Array
  readonly height: number
  readonly width: number
  /** Names of the channels, in order. */
  readonly bands: ReadonlyArray<string>
  /** uint8 [height, width, channel]: 1 for a value that was filled in for want of data; absent if no value was. */
  readonly nodata?: Uint8Array | undefined
  /** The value of white, where the type of the pixels tells it. */
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
  readonly classes: ReadonlyArray<string>
}
/** How many stand ready while a network computes. */
export const BATCHES_AHEAD = 2
export const Batch = element<Batch>("batch", "batches", "patches stacked to float32 [n, h, w, c] with labels [n, L]")
