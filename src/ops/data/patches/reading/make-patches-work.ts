/** Decoding and assembling on a worker thread. Imports no Effect, which would take each thread a second to load. */
import type { Patch } from "../../../elements.ts"
import type { Work } from "../../../workers/thread.ts"
import { decodeBands, decodeValue, type Labelled } from "../../stores/patch-value.ts"
import type { Draw } from "./epochs.ts"
import { type Look, patchOf } from "./make-patch.ts"

/** One patch to make. */
export interface Wanted {
  readonly draw: Draw
  readonly name: string
  /** The bytes that the store holds. */
  readonly value: Uint8Array
  /** The labels, if the value does not hold them. */
  readonly told: Labelled | undefined
  /** Labels that replace its own. */
  readonly given: Uint8Array | undefined
}

export interface Made {
  /** `undefined` if it has no label. */
  readonly patch: Patch | undefined
  /** The number of classes of its labels. */
  readonly classes: number
}

const buffersOf = ({ image, nodata }: Patch) => (nodata === undefined ? [image.buffer] : [image.buffer, nodata.buffer])

export const work: Work<Look, ReadonlyArray<Wanted>, ReadonlyArray<Made>> = (look) => (wanted) => {
  const output = wanted.map(({ draw, given, name, told, value }): Made => {
    const stored =
      told === undefined ? decodeValue(value, name, look.nomenclature) : { bands: decodeBands(value, name), ...told }
    return { patch: patchOf(stored, name, draw, look, given), classes: stored.classes.length }
  })
  return { output, transfer: output.flatMap(({ patch }) => (patch === undefined ? [] : buffersOf(patch))) }
}
