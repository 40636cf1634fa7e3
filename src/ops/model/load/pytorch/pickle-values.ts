/** Numbers and texts as pickles write them. */

import { FileFault, viewOf } from "../source.ts"
import type { Machine } from "./pickle-machine.ts"

/** A little-endian integer in two's complement, as number where that is exact. */
export const integer = (bytes: Uint8Array): number | bigint => {
  if (bytes.length > 64) throw new FileFault("has a damaged pickle: an integer of more than 64 bytes")
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i])
  const signed = BigInt.asIntN(8 * bytes.length, value)
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed
}

const utf8 = new TextDecoder("utf-8", { fatal: true })
export const latin1 = new TextDecoder("latin1")

export const text = (bytes: Uint8Array): string => {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new FileFault("has a damaged pickle: a text is not UTF-8")
  }
}

export const uint = (machine: Machine, width: 1 | 2 | 4 | 8): number => {
  const view = viewOf(machine.take(width))
  if (width === 1) return view.getUint8(0)
  if (width === 2) return view.getUint16(0, true)
  if (width === 4) return view.getUint32(0, true)
  const value = view.getBigUint64(0, true)
  // `take` refuses lengths beyond the file.
  return Number(value)
}

/** Of the name of a module, or of something in it. */
const MOST_LINE = 256

export const line = (machine: Machine): string => {
  const bytes: Array<number> = []
  for (;;) {
    const [byte] = machine.take(1)
    if (bytes.length > MOST_LINE) throw new FileFault(`has a damaged pickle: a name of more than ${MOST_LINE} bytes`)
    if (byte === 10) return text(Uint8Array.from(bytes))
    bytes.push(byte)
  }
}
