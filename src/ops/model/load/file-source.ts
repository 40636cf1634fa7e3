/** Files that are read piece by piece. Apart from `source.ts`, which browsers load as well. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { checkRange, FileFault, type Source } from "./source.ts"

/** A file, open until it is closed. @throws what the file system throws */
export const fileSource = (path: string): Source => {
  const file = openSync(path, "r")
  const { size } = fstatSync(file)
  return {
    size,
    read: (at, length) => {
      checkRange(at, length, size)
      const bytes = new Uint8Array(length)
      for (let done = 0; done < length; ) {
        const count = readSync(file, bytes, done, length - done, at + done)
        if (count === 0) throw new FileFault("ends too early")
        done += count
      }
      return bytes
    },
    close: () => closeSync(file)
  }
}
