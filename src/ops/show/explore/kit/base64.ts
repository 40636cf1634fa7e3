/** Bytes as text. Scripts can hold text alone, and pages opened from disk can read nothing but scripts and images. */

interface Base64Array {
  readonly fromBase64?: (text: string) => Uint8Array<ArrayBuffer>
}

/** Bytes of a base64 text. Newer engines decode it themselves, ten times as fast. */
export const bytesFrom = (text: string): Uint8Array<ArrayBuffer> => {
  const own = (Uint8Array as unknown as Base64Array).fromBase64
  if (own !== undefined) return own.call(Uint8Array, text)
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}

/** Base64 text of the bytes behind an array, in Node. */
export const textFrom = (values: ArrayBufferView): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64")

/** Multi-hot rows [n, classes] as bits: 8 values per byte, the first value in the lowest bit. */
export const packBits = (values: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(Math.ceil(values.length / 8))
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) bytes[i >> 3] |= 1 << (i & 7)
  return bytes
}

/**
 * The first `count` values of packed bits, 0 or 1.
 *
 * @example
 * unpackBits(packBits(Uint8Array.of(1, 0, 1)), 3) // => Uint8Array.of(1, 0, 1)
 */
export const unpackBits = (bytes: Uint8Array, count: number): Uint8Array => {
  const values = new Uint8Array(count)
  for (let i = 0; i < count; i++) values[i] = (bytes[i >> 3] >> (i & 7)) & 1
  return values
}
