import { createHash } from "node:crypto"

/**
 * The first 16 hexadecimal digits of the SHA-256 of a text (in UTF-8) or of bytes: enough to tell apart all configurations,
 * files and networks that one user has.
 *
 * @example
 * digest("orbit").length // => 16
 * digest("orbit") === digest(new TextEncoder().encode("orbit")) // => true
 */
export const digest = (content: string | Uint8Array): string =>
  createHash("sha256").update(content).digest("hex").slice(0, 16)
