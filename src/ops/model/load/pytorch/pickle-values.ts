/** Numbers and texts in pickles. */
import { FileFault, viewOf } from "../source.ts"
import { Global, type Machine } from "./pickle-machine.ts"

/** A little-endian integer in two's complement; a number if that is exact, else a bigint. */
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

/** Largest length of the name of a module or of its member, in bytes. */
const MOST_LINE = 256

/** Reads text up to the end of its line. */
export const line = (machine: Machine, most = MOST_LINE): string => {
  const bytes: Array<number> = []
  for (;;) {
    const [byte] = machine.take(1)
    if (bytes.length > most) throw new FileFault(`has a damaged pickle: a name of more than ${most} bytes`)
    if (byte === 10) return text(Uint8Array.from(bytes))
    bytes.push(byte)
  }
}

/** Parses a number of protocol 0: `12`, `-1.5e-3`; `01` and `00` are true and false. */
export const decimal = (written: string): number | bigint | boolean => {
  if (written === "01" || written === "00") return written === "01"
  if (/^-?\d{1,400}$/.test(written)) {
    const exact = BigInt(written)
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact
  }
  if (/^-?(inf|nan)$/.test(written)) return written === "nan" ? Number.NaN : Number(written.replace("inf", "Infinity"))
  if (/^-?[\d.]{1,40}(e[+-]?\d{1,3})?$/i.test(written) && !Number.isNaN(Number(written))) return Number(written)
  throw new FileFault("has a damaged pickle: a number has an invalid form")
}

/** Parses a text of protocol 0, which has the escapes of Python. */
export const pythonText = (written: string): string =>
  written.replace(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([\\'"nrt]))/gi, (_, x, u, long, plain) => {
    if (plain !== undefined) return { n: "\n", r: "\r", t: "\t" }[plain as string] ?? plain
    const code = Number.parseInt(x ?? u ?? long, 16)
    return code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code)
  })

const STORAGE_ID =
  /^\('(storage)', <class '(torch(?:\.storage)?)\.(\w+)'>, '([^']*)', '([^']*)', (\d{1,15})(?:, None)?\)$/

/** Parses the persistent id of a storage in protocol 0, Python's `repr` of a tuple; any other id stays text. */
export const storageId = (written: string): unknown => {
  const [, tag, module, name, key, location, count] = STORAGE_ID.exec(written) ?? []
  return tag === undefined ? written : [tag, new Global(`${module} ${name}`), key, location, Number(count)]
}
