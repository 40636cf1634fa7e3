/** What the page needs to embed a file, as `data/network.js` holds it: the steps before the network, and the network. */
import type { BandSelection } from "../../../data/patches/bands.ts"
import type { Moments } from "../../../data/patches/moments/known-moments.ts"
import type { NodataRule } from "../../../data/patches/reading/nodata.ts"
import type { ModelParams } from "../../../model/params.ts"
import type { KnownNetwork } from "../../../onnx/params.ts"
import type { ShownBands } from "../shown-bands.ts"

/** A step that changes the size of an image. */
export type SizeStep = { readonly crop: number } | { readonly resize: number }

/** A network of `model`, which the page computes itself. */
export interface OwnNetwork {
  readonly model: ModelParams
  /** Arrays of the network, float32, base64, in the layout of files. */
  readonly arrays: ReadonlyArray<{
    readonly name: string
    readonly shape: ReadonlyArray<number>
    readonly values: string
  }>
}

/** A network in an ONNX file, which ONNX Runtime Web computes. */
export interface OnnxNetwork {
  /** Description and facts; its file is named without its folder. */
  readonly known: KnownNetwork
  /** The .onnx file, then the files that hold its weights, each in pieces. */
  readonly files: ReadonlyArray<{ readonly name: string; readonly pieces: number }>
}

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
  readonly network: OwnNetwork | OnnxNetwork
  readonly shown: ShownBands
}

/** ONNX Runtime Web, as `data/runtime.js` holds it. */
export interface RuntimePart {
  /** Its JavaScript, which puts its functions into the global variable `ort` of a worker thread. */
  readonly code: string
  /** Its WebAssembly module, base64. */
  readonly wasm: string
}
