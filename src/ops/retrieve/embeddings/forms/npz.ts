/** A `.npz` archive: `embeddings` float32 [n, d], `labels` uint8 [n, L], and the texts `names` and `classes`. */
import { crc32 } from "node:zlib"
import { GrowingFile } from "../../../formats/files.ts"
import { joinedCrc } from "../../../formats/joined-crc.ts"
import { npyHeader } from "../../../formats/npy.ts"
import { type ZipPart, zipDirectory, zipLocal } from "../../../formats/zip-write.ts"
import { RetrieveError } from "../../retrieve-error.ts"
import { type Form, rawOf } from "./form.ts"
import { NPY_HEADER } from "./npy.ts"

/** Sizes and places in archives without the zip64 extension. */
const MOST = 2 ** 32 - 2 ** 20

/** An array of NumPy's type `<U`: each text as UTF-32, filled up with zeros. */
const textArray = (texts: ReadonlyArray<string>): Uint8Array => {
  const points = texts.map((text) => Array.from(text, (one) => one.codePointAt(0) ?? 0))
  const width = points.reduce((most, { length }) => Math.max(most, length), 1)
  const units = new Uint32Array(texts.length * width)
  for (const [i, one] of points.entries()) units.set(one, i * width)
  return Buffer.concat([npyHeader(`<U${width}`, [texts.length]), rawOf(units)])
}

const FIRST = "embeddings.npy"

export const npzForm = (path: string): Form => {
  const begin = zipLocal({ name: FIRST, at: 0, size: 0, crc: 0 }).length
  const file = new GrowingFile(path, begin + NPY_HEADER)
  const names: Array<string> = []
  const labels: Array<Uint8Array> = []
  let classes: ReadonlyArray<string> = []
  let [dim, crc, bytes] = [0, 0, 0]
  const complete = () => {
    const header = npyHeader("<f4", [names.length, dim], NPY_HEADER)
    const first: ZipPart = {
      ...{ name: FIRST, at: 0, size: NPY_HEADER + bytes },
      crc: joinedCrc(crc32(header), crc, bytes)
    }
    let end = begin + first.size
    const rest = Object.entries({
      "labels.npy": Buffer.concat([npyHeader("|u1", [names.length, classes.length]), ...labels]),
      "names.npy": textArray(names),
      "classes.npy": textArray(classes)
    }).map(([name, content]) => {
      const part: ZipPart = { name, at: end, size: content.length, crc: crc32(content) }
      const local = zipLocal(part)
      file.append(local)
      file.append(content)
      end += local.length + content.length
      return part
    })
    if (end > MOST) {
      throw new RetrieveError({
        subject: path,
        problem: `would have ${end} bytes, more than a zip archive of this kind can have`,
        remedy: "Set `as` of `save` to `npy`, `safetensors` or `parquet`"
      })
    }
    file.append(zipDirectory([first, ...rest], end))
    file.complete(Buffer.concat([zipLocal(first), header]))
  }
  return {
    path,
    append: (batch) => {
      const content = rawOf(batch.vectors)
      file.append(content)
      crc = joinedCrc(crc, crc32(content), content.length)
      bytes += content.length
      names.push(...batch.names)
      labels.push(Uint8Array.from(batch.labels))
      classes = batch.classes
      dim = batch.dim
    },
    complete,
    rename: () => file.rename(),
    abandon: () => file.abandon()
  }
}
