/**
 * Unpacks TIFF's LZW (TIFF 6.0, section 13): codes of 9 to 12 bits, highest bit first. A code is a byte, an earlier sequence
 * of bytes, the order to clear the table (256), or the end (257).
 */

const CLEAR = 256
const END = 257
const FIRST = 258
const CODES = 4096

/** Reads codes one after another; returns `END` if fewer bits are left than a code has. */
const codesOf = (packed: Uint8Array) => {
  let at = 0
  let bits = 0
  let held = 0
  return (width: number): number => {
    while (held < width) {
      if (at === packed.length) return END
      bits = ((bits << 8) | packed[at++]) & 0xff_ffff
      held += 8
    }
    held -= width
    return (bits >>> held) & ((1 << width) - 1)
  }
}

/**
 * Unpacks one piece.
 *
 * @param full the most bytes that the piece may have
 * @returns the bytes that there are
 * @throws Error if a code has no meaning, or there are more bytes
 */
export const unpackLzw = (packed: Uint8Array, full: number): Uint8Array => {
  const code = codesOf(packed)
  const out = new Uint8Array(full)
  // The sequence of a code is an earlier sequence and the byte after it, so `out` already holds it.
  const begins = new Uint32Array(CODES)
  const lengths = new Uint16Array(CODES)
  let next = FIRST
  let width = 9
  let length = 0
  let to = 0
  for (let now = code(width); now !== END; now = code(width)) {
    if (now === CLEAR) {
      next = FIRST
      width = 9
      length = 0
      continue
    }
    if (length > 0 && next < CODES) {
      begins[next] = to - length
      lengths[next++] = length + 1
    }
    length = now < CLEAR ? 1 : now < next ? lengths[now] : 0
    if (length === 0) throw new Error(`the code ${now} has no meaning`)
    if (length > full - to) throw new Error("there are more pixels than the image has")
    if (now < CLEAR) out[to++] = now
    // Byte by byte, because a sequence may reach into the bytes that are being written.
    else for (let from = begins[now], k = 0; k < length; k++) out[to++] = out[from++]
    // The width grows one code early, as the first writers of the format did it.
    if (next >= (1 << width) - 1 && width < 12) width++
  }
  return out.subarray(0, to)
}
