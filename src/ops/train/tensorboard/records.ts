/**
 * The frames of TFRecord files: length (uint64), its checksum, bytes, their checksum; little-endian. The checksum is CRC-32C
 * (Castagnoli), rotated by 15 bits plus a constant, as in TensorFlow's `lib/io/record_writer`.
 */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc >>> 0
})

/**
 * CRC-32C of bytes (RFC 3720, appendix B.4).
 *
 * @example
 * crc32c(new Uint8Array(32)) // => 0x8a9136aa
 */
export const crc32c = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8)
  return ~crc >>> 0
}

const masked = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

const [HEAD, TAIL] = [12, 4]

/** Writes one frame. */
export const framed = (data: Uint8Array): Uint8Array => {
  const frame = Buffer.alloc(HEAD + data.length + TAIL)
  frame.writeBigUInt64LE(BigInt(data.length), 0)
  frame.writeUInt32LE(masked(frame.subarray(0, 8)), 8)
  frame.set(data, HEAD)
  frame.writeUInt32LE(masked(data), HEAD + data.length)
  return frame
}

/** Contents of the frames up to the first that is cut off or damaged; a run that was cut off may have left half of one. */
export const unframed = (file: Uint8Array): ReadonlyArray<Uint8Array> => {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const found: Array<Uint8Array> = []
  let at = 0
  while (at + HEAD + TAIL <= bytes.length) {
    const length = Number(bytes.readBigUInt64LE(at))
    const end = at + HEAD + length
    if (bytes.readUInt32LE(at + 8) !== masked(bytes.subarray(at, at + 8)) || end + TAIL > bytes.length) break
    const data = bytes.subarray(at + HEAD, end)
    if (bytes.readUInt32LE(end) !== masked(data)) break
    found.push(data)
    at = end + TAIL
  }
  return found
}
