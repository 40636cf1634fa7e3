/** Writes whole texts to standard output and standard error. Does not use Effect. */
import { fstatSync, writeSync } from "node:fs"
import { isatty } from "node:tty"

/**
 * Writes all bytes, by as many calls as that takes: a file on a nearly full disk takes fewer bytes than it is given, and
 * only the next call fails.
 *
 * @param write writes some of the bytes from `offset` on, and returns how many
 *
 * @example
 * const taken = []
 * wholly((bytes, offset) => taken.push(bytes[offset]) && 1, Buffer.from([7, 8, 9]))
 * const bytes = taken // => [7, 8, 9]
 */
export const wholly = (write: (bytes: Uint8Array, offset: number) => number, bytes: Uint8Array): void => {
  for (let done = 0; done < bytes.length; ) done += write(bytes, done)
}

const ignore = () => {}

/** Files and devices are written directly: the streams of Node drop what such a call does not take. */
const isDirect = (fd: number): boolean => {
  try {
    const found = fstatSync(fd)
    return found.isFile() || found.isBlockDevice() || (found.isCharacterDevice() && !isatty(fd))
  } catch {
    return false
  }
}

/** Resolves with nothing once the text is written, or with the error. */
export const writeText = (stream: NodeJS.WriteStream & { readonly fd?: number }, text: string): Promise<unknown> =>
  new Promise((resolve) => {
    const { fd } = stream
    if (fd !== undefined && isDirect(fd)) {
      try {
        wholly((bytes, offset) => writeSync(fd, bytes, offset), Buffer.from(text, "utf8"))
        resolve(undefined)
      } catch (cause) {
        resolve(cause)
      }
      return
    }
    // Without a listener, the error of a closed pipe would end the process.
    stream.on("error", ignore)
    stream.write(text, (cause) => resolve(cause ?? undefined))
  })
