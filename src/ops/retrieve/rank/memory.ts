/** Amounts of memory as people write them. */
import { Schema } from "effect"
import type { Plain } from "../../../pipeline/param.ts"

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30
}
const WRITTEN = /^(\d+(?:\.\d+)?) ?(B|kB|MB|GB|KiB|MiB|GiB)$/

/**
 * Bytes of an amount such as `1GiB`, `512 MiB` or `1.5GB`, rounded down.
 *
 * @returns undefined if the text is not an amount of memory, or less than a byte
 *
 * @example
 * bytesOf("1.5 MiB") // => 1572864
 * bytesOf("much") // => undefined
 */
export const bytesOf = (written: string): number | undefined => {
  const [, amount, unit] = WRITTEN.exec(written) ?? []
  if (unit === undefined) return undefined
  const bytes = Math.floor(Number(amount) * UNITS[unit])
  return bytes >= 1 && Number.isSafeInteger(bytes) ? bytes : undefined
}

/** A parameter that is an amount of memory; `bytesOf` gives its bytes. */
export const Memory: Plain<string> = Schema.String.check(
  Schema.makeFilter((text: string) => bytesOf(text) !== undefined || "not an amount of memory", {
    expected: "an amount of memory such as 512MiB or 1GiB"
  })
)

/**
 * An amount of memory as text, rounded up.
 *
 * @example
 * asMemory(75.2 * 2 ** 20) // => "76MiB"
 */
export const asMemory = (bytes: number): string => {
  const unit = bytes >= 10 * UNITS.GiB ? "GiB" : bytes >= 10 * UNITS.MiB ? "MiB" : "KiB"
  return `${Math.ceil(bytes / UNITS[unit])}${unit}`
}
