/** Unpacks deflate with zlib's header, in Node and in browsers. */

/** Node's own module; absent in browsers. */
const zlib: typeof import("node:zlib") | undefined = globalThis.process?.getBuiltinModule?.("node:zlib")

/** Reads a stream of bytes, and stops beyond `most`. */
const gathered = async (stream: ReadableStream<Uint8Array>, most: number): Promise<Uint8Array> => {
  const reader = stream.getReader()
  const parts: Array<Uint8Array> = []
  let size = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length
    if (size > most) {
      await reader.cancel()
      throw new RangeError(`more than ${most} bytes`)
    }
    parts.push(part.value)
  }
  const all = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Unpacks by the standard of browsers, which Node has as well. */
export const inflateStreamed = async (packed: Uint8Array, most: number): Promise<Uint8Array> => {
  const stream = new Blob([new Uint8Array(packed)]).stream().pipeThrough(new DecompressionStream("deflate"))
  return gathered(stream as ReadableStream<Uint8Array>, most)
}

/**
 * Unpacks bytes; in Node at once, in browsers as a promise.
 *
 * @param most bytes that they may become
 * @throws what zlib throws if the bytes are damaged, or become more than `most`
 */
export const inflate = (packed: Uint8Array, most: number): Uint8Array | Promise<Uint8Array> =>
  zlib === undefined ? inflateStreamed(packed, most) : zlib.inflateSync(packed, { maxOutputLength: most })
