import { GrowingFile } from "../../../formats/files.ts"
import { npyHeader } from "../../../formats/npy.ts"
import { type Form, rawOf } from "./form.ts"

/** Bytes of the header: enough for any shape, because it is rewritten once the rows are counted. */
export const NPY_HEADER = 128

/** A `.npy` file: float32 [n, d], little-endian. */
export const npyForm = (path: string): Form => {
  const file = new GrowingFile(path, NPY_HEADER)
  let [rows, dim] = [0, 0]
  return {
    path,
    append: (batch) => {
      file.append(rawOf(batch.vectors))
      rows += batch.size
      dim = batch.dim
    },
    complete: () => file.complete(npyHeader("<f4", [rows, dim], NPY_HEADER)),
    rename: () => file.rename(),
    abandon: () => file.abandon()
  }
}
