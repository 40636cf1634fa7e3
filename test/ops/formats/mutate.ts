/** Damaged copies of files: cut short, or with a few bits flipped. */
import fc from "fast-check"

/** How many times as many damaged files are tried as usual. */
export const MUTATIONS = Number(process.env.MUTATIONS ?? 1)

export interface Damage {
  /** Bits that are flipped: places in the file, and which bit of the byte. */
  readonly flips: ReadonlyArray<readonly [at: number, bit: number]>
  /** Bytes that are left; all of them where undefined. */
  readonly cut: number | undefined
}

/** A cut, up to three flipped bits, or nothing at all. */
export const damages = (places: fc.Arbitrary<number>, length: number): fc.Arbitrary<Damage> =>
  fc.oneof(
    { weight: 8, arbitrary: flips(places, 1) },
    { weight: 2, arbitrary: flips(places, 3) },
    { weight: 3, arbitrary: fc.nat(length - 1).map((cut): Damage => ({ flips: [], cut })) },
    { weight: 1, arbitrary: fc.constant<Damage>({ flips: [], cut: undefined }) }
  )

const flips = (places: fc.Arbitrary<number>, most: number): fc.Arbitrary<Damage> =>
  fc
    .uniqueArray(fc.tuple(places, fc.nat(7)), { minLength: 1, maxLength: most, selector: (flip) => flip.join() })
    .map((all): Damage => ({ flips: all, cut: undefined }))

export const isIntact = ({ cut, flips }: Damage): boolean => flips.length === 0 && cut === undefined

export const damaged = (bytes: Uint8Array, { cut, flips }: Damage): Uint8Array => {
  const copy = Uint8Array.from(bytes.subarray(0, cut))
  for (const [at, bit] of flips) copy[at] ^= 1 << bit
  return copy
}

/** How many bits differ between two values of one length; infinitely many where the lengths differ. */
export const bitsApart = (a: Uint8Array, b: Uint8Array): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let bits = 0
  for (let i = 0; i < a.length; i++) for (let x = a[i] ^ b[i]; x > 0; x &= x - 1) bits++
  return bits
}
