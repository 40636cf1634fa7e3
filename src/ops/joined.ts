/** Joins typed arrays. */

/**
 * The values of some arrays of one type, one after another.
 *
 * @param parts at least one
 * @example
 * joined([Uint8Array.of(1, 2), Uint8Array.of(3)]) // => Uint8Array.of(1, 2, 3)
 */
export const joined = <A extends Float32Array | Float64Array | Int32Array | Uint8Array>(parts: ReadonlyArray<A>): A => {
  const Kind = parts[0].constructor as new (length: number) => A
  const whole = new Kind(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
