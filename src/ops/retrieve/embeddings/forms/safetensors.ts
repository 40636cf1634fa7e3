import { GrowingFile } from "../../../formats/files.ts"
import { METADATA, PREFIX } from "../../../formats/safetensors/header.ts"
import { type Form, rawOf } from "./form.ts"

/** Bytes of the header besides class names: numbers of any size, and the names of two tensors. */
const FIXED = 512

/**
 * A safetensors file: `embeddings` float32 [n, d] and `labels` uint8 [n, L]; the metadata `classes` is a list in JSON. It opens
 * with the first batch, whose classes decide the size of the header.
 */
export const safetensorsForm = (path: string): Form => {
  let file: GrowingFile | undefined
  let space = 0
  let classes: ReadonlyArray<string> = []
  const labels: Array<Uint8Array> = []
  let [rows, dim, values] = [0, 0, 0]
  const opened = () => {
    if (file === undefined) {
      space = Math.ceil((PREFIX + FIXED + 2 * Buffer.byteLength(JSON.stringify(JSON.stringify(classes)))) / 8) * 8
      file = new GrowingFile(path, space)
    }
    return file
  }
  return {
    path,
    append: (batch) => {
      classes = batch.classes
      opened().append(rawOf(batch.vectors))
      labels.push(Uint8Array.from(batch.labels))
      rows += batch.size
      dim = batch.dim
      values += batch.vectors.byteLength
    },
    complete: () => {
      const behind = Buffer.concat(labels)
      opened().append(behind)
      const entry = (dtype: string, shape: ReadonlyArray<number>, begin: number, end: number) => ({
        dtype,
        shape,
        data_offsets: [begin, end]
      })
      const text = JSON.stringify({
        [METADATA]: { format: "np", classes: JSON.stringify(classes) },
        embeddings: entry("F32", [rows, dim], 0, values),
        labels: entry("U8", [rows, classes.length], values, values + behind.length)
      })
      const header = Buffer.alloc(space, " ")
      header.writeBigUInt64LE(BigInt(space - PREFIX), 0)
      header.write(text, PREFIX, "utf8")
      opened().complete(header)
    },
    rename: () => file?.rename(),
    abandon: () => file?.abandon()
  }
}
