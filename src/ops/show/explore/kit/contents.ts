/** What the files of an explorer hold. `folder.ts` writes them and the page reads them. */
import type { Coding } from "./vectors.ts"

/** Images per piece of names, labels and places. */
export const PIECE = 20_000

/** Sheets of thumbnails: image i is on sheet floor(i / (columns x rows)), row by row. */
export interface Sheets {
  /** Edge of a thumbnail in pixels. */
  readonly edge: number
  readonly columns: number
  readonly rows: number
}

export interface Maps {
  /** Which coordinates there are, each a list of x, y in 0..65535 per image. */
  readonly kinds: ReadonlyArray<"pca" | "umap">
  /** Share of the variance along both axes of PCA. */
  readonly explained: number
  /** Images that UMAP was fitted to; the others are placed beside their neighbours among these. */
  readonly fitted: number
}

/** `data/contents.js`: read first. */
export interface Contents {
  readonly format: 1
  readonly experiment: string
  readonly count: number
  readonly dim: number
  readonly classes: ReadonlyArray<string>
  readonly coding: Coding
  /** Share of the ten nearest images by float32 that are among the ten nearest by these codes, and queries measured. */
  readonly recall: { readonly share: number; readonly queries: number } | undefined
  /** Rows of each piece of vectors. */
  readonly pieces: ReadonlyArray<number>
  readonly sheets: Sheets | undefined
  readonly maps: Maps | undefined
  readonly places: boolean
  readonly figures: boolean
  /** Who computes the network for files that are dropped on the page: the page itself or ONNX Runtime Web; undefined if there is none. */
  readonly network: "own" | "onnx" | undefined
  /** Set by the server if it searches, so that the page need not load the vectors. */
  readonly served?: boolean
  /** Address of tiles for the map of the Earth, with {z}, {x} and {y}; none by default. */
  readonly tiles: string | undefined
}

/** `data/images-N.js`: names and labels of the N-th piece. */
export interface ImagesPart {
  readonly names: ReadonlyArray<string>
  /** Bits of the labels [names, classes], base64. */
  readonly labels: string
  /** Bits: whether there is a picture, base64. */
  readonly pictured: string
}

/** Parts by the name of their script in `data`, without `.js`. */
export const partName = (kind: "images" | "vectors" | "map" | "onnx" | "places", number: number): string =>
  `${kind}-${String(number).padStart(4, "0")}`

/** File of a sheet of thumbnails. */
export const sheetName = (sheet: number): string => `sheets/${String(sheet).padStart(5, "0")}.webp`
