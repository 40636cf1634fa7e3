/** Unpacks strips and tiles of TIFF files (TIFF 6.0, sections 9 and 13; deflate and ZSTD as libtiff has them). */
import { inflate } from "../inflate.ts"
import { unpackLzw } from "./lzw.ts"
import type { SampleType } from "./samples.ts"

/** A way to pack pixels. */
export interface Packing {
  /** Whether pixels are not packed at all. */
  readonly plain: boolean
  /**
   * Whether packed bytes carry a checksum, as those of deflate do: a strip that is longer than its rows is then no damage.
   */
  readonly checked: boolean
  /** Bytes of a piece, at most `most`; throws, or gives fewer, if they are damaged. */
  readonly unpack: (packed: Uint8Array, most: number) => Uint8Array | Promise<Uint8Array>
  /** 1: values; 2: differences of neighbours; 3: differences of the bytes of floating-point values. */
  readonly predictor: Predictor
}

export type Predictor = 1 | 2 | 3

/** Unpacks runs of equal bytes (TIFF 6.0, section 9). */
const unpackBits = (packed: Uint8Array, full: number): Uint8Array => {
  const out = new Uint8Array(full)
  let to = 0
  for (let i = 0; i < packed.length && to < full; ) {
    const n = packed[i++]
    if (n < 128) {
      const run = packed.subarray(i, i + n + 1)
      if (run.length > full - to) throw new Error("a run is too long")
      out.set(run, to)
      to += run.length
      i += n + 1
    } else if (n > 128) {
      if (257 - n > full - to || i === packed.length) throw new Error("a run is too long")
      out.fill(packed[i++], to, to + 257 - n)
      to += 257 - n
    }
  }
  return out.subarray(0, to)
}

/** Unpacks ZSTD by a package that is loaded for the first file that needs it. */
const unpackZstd = async (packed: Uint8Array, most: number): Promise<Uint8Array> => {
  const { ZSTDDecoder } = await import("zstddec")
  const decoder = new ZSTDDecoder()
  await decoder.init()
  return decoder.decode(packed, most)
}

const UNPACKERS: Readonly<Record<number, Packing["unpack"]>> = {
  1: (packed) => packed,
  5: unpackLzw,
  8: inflate,
  32773: unpackBits,
  32946: inflate,
  50000: unpackZstd
}

/** Compression of JPEG in TIFF (TIFF technical note 2); 6 is its withdrawn predecessor. */
export const JPEG = 7

/** Packings that are not read, for messages. Most of them keep no more than almost all of the values. */
const OTHERS: Readonly<Record<number, string>> = {
  2: "CCITT",
  3: "CCITT fax",
  4: "CCITT fax",
  6: "JPEG of the old form",
  7: "JPEG",
  34712: "JPEG 2000",
  34887: "LERC",
  34925: "LZMA",
  50001: "WebP",
  50002: "JPEG XL"
}

/**
 * The way to unpack pixels.
 *
 * @throws what `refuse` throws, if the compression or the predictor is not read
 */
export const packingOf = (
  compression: number,
  predictor: number,
  { bits, dtype, widen }: SampleType,
  refuse: (problem: string) => never
): Packing => {
  const unpack = UNPACKERS[compression]
  if (unpack === undefined) {
    return refuse(`is packed by ${OTHERS[compression] ?? `method ${compression}`}, which is not read`)
  }
  // The predictor applies only to LZW, deflate and ZSTD; libtiff ignores the field for others, too.
  const packs = compression !== 1 && compression !== 32_773
  const floating = dtype.startsWith("float") && (bits === 16 || widen === undefined)
  const known = bits % 8 !== 0 ? [1] : floating ? [1, 2, 3] : [1, 2]
  if (packs && !known.includes(predictor)) {
    return refuse(`has ${bits % 8 === 0 ? dtype : `${bits}-bit`} pixels with predictor ${predictor}`)
  }
  return {
    plain: compression === 1,
    checked: unpack === inflate,
    unpack,
    predictor: packs ? (predictor as Predictor) : 1
  }
}
