/** Unpacks strips and tiles of TIFF files (TIFF 6.0, sections 9 and 13; deflate and ZSTD as libtiff has them). */
import { inflateSync } from "node:zlib"
import type { Dtype } from "../../elements.ts"
import { unpackLzw } from "./lzw.ts"

/** How pixels are packed. */
export interface Packing {
  /** Whether they are not packed at all. */
  readonly plain: boolean
  /** Bytes of a piece, at most `full`; throws, or gives fewer, where they are damaged. */
  readonly unpack: (packed: Uint8Array, full: number) => Uint8Array | Promise<Uint8Array>
  /** 1 values as they are, 2 differences of neighbours, 3 differences of the bytes of floating-point values. */
  readonly predictor: Predictor
}

export type Predictor = 1 | 2 | 3

/** Runs of equal bytes (TIFF 6.0, section 9). */
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

/** Loaded when the first file needs it: it carries its own program. */
const unpackZstd = async (packed: Uint8Array, full: number): Promise<Uint8Array> => {
  const { ZSTDDecoder } = await import("zstddec")
  const decoder = new ZSTDDecoder()
  await decoder.init()
  return decoder.decode(packed, full)
}

const inflate = (packed: Uint8Array, full: number): Uint8Array => inflateSync(packed, { maxOutputLength: full })

const UNPACKERS: Readonly<Record<number, Packing["unpack"]>> = {
  1: (packed) => packed,
  5: unpackLzw,
  8: inflate,
  32773: unpackBits,
  32946: inflate,
  50000: unpackZstd
}

/** What is not read, for messages. LERC and JPEG keep no more than almost all of the values. */
const OTHERS: Readonly<Record<number, string>> = {
  2: "CCITT",
  3: "CCITT fax",
  4: "CCITT fax",
  6: "JPEG",
  7: "JPEG",
  34712: "JPEG 2000",
  34887: "LERC",
  34925: "LZMA",
  50001: "WebP",
  50002: "JPEG XL"
}

/** @throws what `refuse` does, where pixels are packed otherwise than is read */
export const packingOf = (
  compression: number,
  predictor: number,
  dtype: Dtype,
  refuse: (problem: string) => never
): Packing => {
  const unpack = UNPACKERS[compression]
  if (unpack === undefined)
    return refuse(`is packed by ${OTHERS[compression] ?? `method ${compression}`}, which is not read`)
  const known = dtype.startsWith("float") ? [1, 2, 3] : [1, 2]
  if (!known.includes(predictor)) return refuse(`has ${dtype} pixels with predictor ${predictor}`)
  // Only what packs has a predictor; without, the field says nothing (libtiff).
  const packs = compression !== 1 && compression !== 32_773
  return { plain: compression === 1, unpack, predictor: packs ? (predictor as Predictor) : 1 }
}
