/** Bytes that are turned into text at a time: the number of arguments of a function is limited. */
const STEP = 8192

/**
 * Bytes as text, one character each. `TextDecoder` reads its "latin1" as Windows-1252, which differs from 0x80 to 0x9f.
 *
 * @example
 * latin1(Uint8Array.of(0x4e, 0x75, 0x93)) // => "Nu\x93"
 */
export const latin1 = (bytes: Uint8Array): string => {
  let text = ""
  for (let at = 0; at < bytes.length; at += STEP) text += String.fromCharCode(...bytes.subarray(at, at + STEP))
  return text
}
