/**
 * Unpacks TIFF's LZW (TIFF 6.0, section 13): codes of 9 to 12 bits, highest bit first, for bytes, for sequences met before,
 * or for beginning anew (256) and the end (257).
 */

const CLEAR = 256
const END = 257
const FIRST = 258
const CODES = 4096

/** Reads codes one after another; `END` where fewer bits are left than one takes. */
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
 * @param full bytes at most
 * @returns as many bytes as there are
 * @throws Error where a code stands for nothing, or there are more bytes
 */
export const unpackLzw = (packed: Uint8Array, full: number): Uint8Array => {
  const code = codesOf(packed)
  const out = new Uint8Array(full)
  // A code's sequence is one that has been written, with the byte after it: so it stands in `out` already.
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
    if (length === 0) throw new Error(`the code ${now} stands for nothing`)
    if (length > full - to) throw new Error("there are more pixels than the image has")
    if (now < CLEAR) out[to++] = now
    // Byte by byte: a sequence may reach into what is just being written.
    else for (let from = begins[now], k = 0; k < length; k++) out[to++] = out[from++]
    // One code early, as the format's first writers had it.
    if (next >= (1 << width) - 1 && width < 12) width++
  }
  return out.subarray(0, to)
}
