/** What the page needs to embed a file, as `data/network.js` holds it: the steps before the network, and its weights. */
import type { BandSelection } from "../../../data/patches/bands.ts"
import type { Moments } from "../../../data/patches/moments/known-moments.ts"
import type { NodataRule } from "../../../data/patches/reading/nodata.ts"
import type { ModelParams } from "../../../model/params.ts"
import type { ShownBands } from "../shown-bands.ts"

/** A step that changes the size of an image. */
export type SizeStep = { readonly crop: number } | { readonly resize: number }

export interface NetworkPart {
  readonly bands: BandSelection
  /** Names of the bands of a file, in its order, if it does not name them. */
  readonly names: ReadonlyArray<string> | undefined
  readonly unit: boolean
  readonly rule: NodataRule
  readonly maxValues: number
  readonly sizes: ReadonlyArray<SizeStep>
  /** Constants of each band; undefined if values are left unchanged. */
  readonly moments: Readonly<Record<string, Moments>> | undefined
  readonly model: ModelParams
  /** Arrays of the network, float32, base64, in the layout of files. */
  readonly arrays: ReadonlyArray<{
    readonly name: string
    readonly shape: ReadonlyArray<number>
    readonly values: string
  }>
  readonly shown: ShownBands
}
