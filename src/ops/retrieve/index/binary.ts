import { flag, oneOf } from "../../../pipeline/definition.ts"
import { random } from "../../../pipeline/random.ts"
import { type Codes, codesOf } from "../hamming/codes.ts"
import { kernelOf, strideOf } from "../hamming/segment.ts"
import { ITQ_ITERATIONS, ITQ_POINTS, itqRotation, rotated } from "../quantise/itq.ts"
import { type Coding, defineIndex, noVectors, rerankParams, type Saved, type Setting } from "./coding.ts"

/** Mean of vectors, float64 [dim]. */
export const meanVector = (vectors: Float32Array, dim: number): Float64Array => {
  const sum = new Float64Array(dim)
  for (let at = 0; at < vectors.length; at += dim) for (let i = 0; i < dim; i++) sum[i] += vectors[at + i]
  const count = Math.max(1, vectors.length / dim)
  return sum.map((value) => value / count)
}

/**
 * The signs of vectors minus a centre, one bit per value, in rows of whole registers.
 *
 * @param vectors float32 [n, dim]
 * @param centre float64 [dim]
 * @returns uint8 [n, stride]; value i is bit i % 8 of byte i / 8, 1 if it is at least the centre's
 * @example
 * signCodes(Float32Array.of(1, 5, 3, 2), Float64Array.of(2, 2)).filter((_, i) => i % 16 === 0) // => Uint8Array.of(2, 3)
 */
export const signCodes = (vectors: Float32Array, centre: Float64Array): Uint8Array => {
  const dim = centre.length
  const stride = strideOf(dim)
  const codes = new Uint8Array((vectors.length / dim) * stride)
  for (let at = 0, to = 0; at < vectors.length; at += dim, to += stride) {
    for (let i = 0; i < dim; i++) if (vectors[at + i] >= centre[i]) codes[to + (i >>> 3)] |= 1 << (i & 7)
  }
  return codes
}

/** An index of codes. @param bits of a code; @param encode makes codes uint8 [n, stride] of vectors float32 [n, dim] */
export const hammingCoding = (
  codes: Codes,
  bits: number,
  encode: (vectors: Float32Array) => Uint8Array,
  fitted: Readonly<Record<string, Saved>>
): Coding => {
  const stride = strideOf(bits)
  return {
    add: (vectors) => codes.add(encode(vectors)),
    search: async (queries, k, allowed) => {
      const asked = new Uint8Array(queries.length * stride)
      queries.forEach((query, q) => {
        asked.set(encode(query), q * stride)
      })
      const found = await codes.search(asked, k, allowed)
      return found.map(({ distances, rows }) => ({
        rows,
        scores: Float64Array.from(distances, (h) => 1 - (2 * h) / bits)
      }))
    },
    save: async () => ({ ...fitted, codes: { dtype: "uint8", shape: [codes.rows(), stride], data: codes.all() } }),
    bytes: () => codes.rows() * stride,
    kernel: kernelOf()
  }
}

/** The ITQ rotation of some of the vectors, which are drawn. */
const fittedRotation = (vectors: Float32Array, centre: Float64Array, seed: number): Float64Array => {
  const dim = centre.length
  const drawn = random(seed, 0, 0, "itq points")
    .permutation(vectors.length / dim)
    .subarray(0, ITQ_POINTS)
  const centred = new Float64Array(drawn.length * dim)
  drawn.forEach((row, at) => {
    for (let i = 0; i < dim; i++) centred[at * dim + i] = vectors[row * dim + i] - centre[i]
  })
  return itqRotation(centred, dim, ITQ_ITERATIONS, seed)
}

const codingOf = (
  centre: Float64Array,
  rotation: Float64Array | undefined,
  { dim, threads }: Setting,
  before: Uint8Array
): Coding => {
  const codes = codesOf(strideOf(dim), threads)
  codes.add(before)
  const zero = new Float64Array(dim)
  const encode = (vectors: Float32Array): Uint8Array => {
    if (rotation === undefined) return signCodes(vectors, centre)
    return signCodes(
      rotated(
        vectors.map((value, at) => value - centre[at % dim]),
        rotation,
        dim
      ),
      zero
    )
  }
  const fitted: Readonly<Record<string, Saved>> = {
    centre: { dtype: "float64", shape: [dim], data: centre },
    ...(rotation === undefined ? {} : { rotation: { dtype: "float64", shape: [dim, dim], data: rotation } })
  }
  return hammingCoding(codes, dim, encode, fitted)
}

/** The index `binary`: one bit per value, its sign. Codes are searched exactly by (Hamming distance, position). */
export const binary = defineIndex({
  name: "binary",
  title: "one bit per value, searched by Hamming distance",
  source: "Blumenstiel et al., IGARSS 2024; `itq`: Gong and Lazebnik, CVPR 2011",
  params: {
    ...rerankParams,
    centre: flag("Subtracts the mean of the first vectors before signs are taken.", true),
    rotation: oneOf(
      ["none", "itq"],
      "`itq` rotates vectors so that signs lose less; fitting takes minutes from 512 dimensions on.",
      "none"
    )
  },
  rerank: ({ codes_only, rerank }) => (codes_only ? undefined : rerank),
  build: async ({ centre, rotation }, setting, sample) => {
    if (sample.length === 0 && (centre || rotation === "itq")) {
      throw noVectors("binary", centre ? "its centre" : "its rotation")
    }
    const mean = centre ? meanVector(sample, setting.dim) : new Float64Array(setting.dim)
    const turn = rotation === "itq" ? fittedRotation(sample, mean, setting.seed) : undefined
    return codingOf(mean, turn, setting, new Uint8Array(0))
  },
  load: async ({ rotation }, setting, arrays, rows) => {
    const { dim } = setting
    return codingOf(
      Float64Array.from(arrays.of("centre", dim).data),
      rotation === "itq" ? Float64Array.from(arrays.of("rotation", dim * dim).data) : undefined,
      setting,
      Uint8Array.from(arrays.of("codes", rows * strideOf(dim)).data)
    )
  }
})
