/** A MATLAB file of level 5 with one matrix of bytes, compressed, as tables of labels are kept in. */
import { deflateSync } from "node:zlib"

const element = (type: number, body: Uint8Array): Buffer => {
  const tag = Buffer.alloc(8)
  tag.writeUInt32LE(type, 0)
  tag.writeUInt32LE(body.length, 4)
  return Buffer.concat([tag, body, Buffer.alloc((8 - (body.length % 8)) % 8)])
}

const whole = (...values: ReadonlyArray<number>): Buffer => {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => {
    bytes.writeInt32LE(value, 4 * i)
  })
  return bytes
}

/** @param values row-major [rows, columns] */
export const encodeMat = (name: string, rows: number, columns: number, values: Uint8Array): Uint8Array => {
  const stored = Uint8Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)])
  const matrix = element(
    14, // matrix
    Buffer.concat([
      element(6, whole(9, 0)), // flags: an array of uint8
      element(5, whole(rows, columns)),
      element(1, Buffer.from(name, "latin1")),
      element(2, stored)
    ])
  )
  const packed = deflateSync(matrix)
  const tag = Buffer.alloc(8)
  tag.writeUInt32LE(15, 0) // compressed
  tag.writeUInt32LE(packed.length, 4)
  const header = Buffer.alloc(128, " ")
  header.write("MATLAB 5.0 MAT-file", "latin1")
  header.writeUInt16LE(0x0100, 124)
  header.write("IM", 126, "latin1")
  return Buffer.concat([header, tag, packed])
}
