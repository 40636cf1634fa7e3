/** Damages bytes at random: what transfers, disks and editors do to files. */
import { type Random, random } from "../../src/pipeline/random.ts"

export interface Damaged {
  readonly bytes: Uint8Array
  readonly words: string
  /** Bits that differ from the original in place; infinitely many if bytes were moved or are missing. */
  readonly bits: number
}

const bitsBetween = (a: Uint8Array, b: Uint8Array): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let bits = 0
  for (let i = 0; i < a.length; i++) for (let x = a[i] ^ b[i]; x > 0; x &= x - 1) bits++
  return bits
}

/** Number of differing bits of two values; infinite if their lengths differ. */
export const bitsApart = bitsBetween

/** A place in a file. Half of all places lie near an end, where formats keep what the rest depends on. */
const placeIn = (length: number, draw: Random): number => {
  const near = Math.min(length, 400)
  const kind = draw.int(4)
  return kind === 0 ? draw.int(near) : kind === 1 ? length - 1 - draw.int(near) : draw.int(length)
}

type Kind = (bytes: Uint8Array, draw: Random) => readonly [bytes: Uint8Array, words: string]

const inPlace =
  (words: string, change: (copy: Uint8Array, draw: Random) => void): Kind =>
  (bytes, draw) => {
    const copy = Uint8Array.from(bytes)
    change(copy, draw)
    return [copy, words]
  }

const span = (bytes: Uint8Array, draw: Random) => {
  const from = placeIn(bytes.length, draw)
  return [from, Math.min(bytes.length, from + 1 + draw.int(64))] as const
}

const KINDS: ReadonlyArray<Kind> = [
  inPlace("one bit flipped", (copy, draw) => {
    copy[placeIn(copy.length, draw)] ^= 1 << draw.int(8)
  }),
  inPlace("three bits flipped", (copy, draw) => {
    for (let i = 0; i < 3; i++) copy[placeIn(copy.length, draw)] ^= 1 << draw.int(8)
  }),
  inPlace("a byte replaced", (copy, draw) => {
    copy[placeIn(copy.length, draw)] = [0, 1, 0x7f, 0x80, 0xff][draw.int(5)]
  }),
  inPlace("a span of zeros", (copy, draw) => copy.fill(0, ...span(copy, draw))),
  (bytes, draw) => [bytes.slice(0, draw.int(bytes.length)), "cut short"],
  (bytes, draw) => {
    const [from, to] = span(bytes, draw)
    return [Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]), "a span missing"]
  },
  (bytes, draw) => {
    const [from, to] = span(bytes, draw)
    return [Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]), "a span twice"]
  },
  (bytes) => [bytes, "not damaged"]
]

/** The damage of one trial, the same for the same seed and number. */
export const damage = (bytes: Uint8Array, seed: number, trial: number, campaign: string): Damaged => {
  const draw = random(seed, 0, trial, campaign)
  const [damaged, words] = KINDS[draw.int(KINDS.length)](bytes, draw)
  return { bytes: damaged, words, bits: bitsBetween(bytes, damaged) }
}
