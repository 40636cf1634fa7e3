/** SHA-256 of files, in hexadecimal. */
import { createHash } from "node:crypto"
import { closeSync, openSync, readSync } from "node:fs"
import type { Effect } from "effect"
import { sha256Of } from "../../formats/sha256.ts"
import { fileFault, settled } from "./folders.ts"
import type { SetupError } from "./setup-error.ts"

const CHUNK = 1 << 22

/** Returns the SHA-256 of a file; an interrupt stops reading. */
export const sha256 = (path: string): Effect.Effect<string, SetupError> =>
  settled(
    (signal) => sha256Of(path, signal),
    (cause) => fileFault(path, cause)
  )

/** Returns the SHA-256 of a file at once, for code that cannot wait. @throws what the file system throws */
export const sha256Now = (path: string): string => {
  const hash = createHash("sha256")
  const chunk = Buffer.allocUnsafe(CHUNK)
  const file = openSync(path, "r")
  try {
    for (let count = readSync(file, chunk); count > 0; count = readSync(file, chunk)) {
      hash.update(chunk.subarray(0, count))
    }
    return hash.digest("hex")
  } finally {
    closeSync(file)
  }
}
