/** The small networks of `files`, which `test/peers/scripts/onnx_files.py` makes, and batches of the images beside them. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Batch } from "../../../src/ops/elements.ts"

export const onnxFiles = join(import.meta.dirname, "files")
export const networkFile = (name: string): string => join(onnxFiles, `${name}.onnx`)

type Rows = ReadonlyArray<ReadonlyArray<number>>
/** Images [3, 8 x 8 x 3] with values from 0 to 255, and the embeddings that ONNX Runtime in Python gives for them. */
export const expected: { readonly images: Rows } & Readonly<Record<string, Rows>> = JSON.parse(
  readFileSync(join(onnxFiles, "expected.json"), "utf8")
)

export const EDGE = 8

/**
 * The images as batches.
 *
 * @param white value of white; 255 leaves the values as they are
 * @param sizes images per batch
 */
export const imageBatches = (white: number, sizes: ReadonlyArray<number>): ReadonlyArray<Batch> => {
  let first = 0
  return sizes.map((size) => {
    const rows = expected.images.slice(first, first + size)
    const indices = Int32Array.from(rows, (_, i) => first + i)
    first += size
    return {
      kind: "batch",
      epoch: 0,
      size,
      names: [...indices].map((i) => `image${i}`),
      indices,
      images: Float32Array.from(rows.flat(), (value) => (value / 255) * white),
      height: EDGE,
      width: EDGE,
      bands: ["Red", "Green", "Blue"],
      labels: new Uint8Array(size),
      classes: ["land"]
    }
  })
}
