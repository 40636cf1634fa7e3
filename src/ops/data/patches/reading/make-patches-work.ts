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
  /** As the store holds it. */
  readonly value: Uint8Array
  /** What the value does not tell, where labels stand elsewhere. */
  readonly told: Labelled | undefined
  /** Labels in place of its own. */
  readonly given: Uint8Array | undefined
}

export interface Made {
  /** None where it has no label. */
  readonly patch: Patch | undefined
  /** How many classes its labels are told by. */
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
