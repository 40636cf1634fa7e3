/** SHA-256 of files, in hexadecimal. */
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { pipeline } from "node:stream/promises"

const CHUNK = 1 << 22

/**
 * Returns the SHA-256 of a file. Throws what the file system throws.
 *
 * @param signal stops reading
 */
export const sha256Of = async (path: string, signal: AbortSignal): Promise<string> => {
  const hash = createHash("sha256")
  await pipeline(createReadStream(path, { highWaterMark: CHUNK }), hash, { signal })
  return hash.digest("hex")
}
