/** From an output of a network to one vector per image. */
import { fromHalf } from "../formats/half.ts"
import type { OnnxArray } from "./array.ts"
import type { Layout } from "./layout.ts"
import { OnnxError } from "./onnx-error.ts"

/** `none`: the output is the vector; `cls`: the first token; `mean`: the mean of tokens, or of the pixels of a map. */
export const POOLINGS = ["none", "cls", "mean"] as const
export type Pooling = (typeof POOLINGS)[number]

/** How vectors are made of an output. */
export interface PoolOptions {
  readonly pooling: Pooling
  /** Leading tokens that `mean` leaves out. */
  readonly prefix: number
  /** Order of the axes of maps, which are outputs of four axes. */
  readonly layout: Layout
}

/** Numbers of an output as float32. @throws OnnxError for types that are no numbers */
const floats = (name: string, { data, type }: OnnxArray): Float32Array => {
  if (data instanceof Float32Array) return data
  if (type === "float16" && data instanceof Uint16Array) return fromHalf(data)
  if (data instanceof BigInt64Array) return Float32Array.from(data, Number)
  if (ArrayBuffer.isView(data)) return Float32Array.from(data)
  throw new OnnxError({
    subject: `output ${name}`,
    problem: `has values of type ${type}`,
    remedy: "Name an output of numbers in `output`"
  })
}

/** The mean of `count` rows of `width` values that begin at `from` and lie `step` apart. */
const meanOf = (values: Float32Array, from: number, count: number, step: number, into: Float32Array): void => {
  for (let k = 0; k < into.length; k++) {
    let sum = 0
    for (let row = 0; row < count; row++) sum += values[from + row * step + k]
    into[k] = sum / count
  }
}

/** Problem of an output whose number of axes does not fit the pooling, as a clause; `undefined` if it fits. */
export const poolingProblem = (axes: number, pooling: Pooling): string | undefined => {
  if (pooling === "none") {
    if (axes === 2) return undefined
    return axes === 3
      ? "gives one vector per token; set `pooling` to `cls` (the first token) or `mean`"
      : axes === 4
        ? "gives a map of vectors; set `pooling: mean`"
        : `has ${axes} axes, which are not those of vectors, tokens or maps`
  }
  if (pooling === "cls" && axes !== 3)
    return `has ${axes} axes and no tokens, so \`pooling: cls\` has nothing to select`
  return axes === 3 || axes === 4 ? undefined : `has ${axes} axes, so \`pooling: mean\` has nothing to average`
}

/** Pools maps [n, d, h, w], or [n, h, w, d] if channels come last. */
const pooledMap = (values: Float32Array, dims: ReadonlyArray<number>, layout: Layout): Float32Array => {
  const [n, one, two, three] = dims
  const last = layout === "nhwc"
  const [dim, area] = last ? [three, one * two] : [one, two * three]
  const vectors = new Float32Array(n * dim)
  for (let i = 0; i < n; i++) {
    const begin = i * area * dim
    if (last) meanOf(values, begin, area, dim, vectors.subarray(i * dim, (i + 1) * dim))
    else {
      for (let k = 0; k < dim; k++) {
        meanOf(values, begin + k * area, area, 1, vectors.subarray(i * dim + k, i * dim + k + 1))
      }
    }
  }
  return vectors
}

/** Pools tokens [n, t, d]. */
const pooledTokens = (values: Float32Array, [n, tokens, dim]: ReadonlyArray<number>, options: PoolOptions) => {
  const { pooling, prefix } = options
  const vectors = new Float32Array(n * dim)
  for (let i = 0; i < n; i++) {
    const into = vectors.subarray(i * dim, (i + 1) * dim)
    const begin = i * tokens * dim
    if (pooling === "cls") into.set(values.subarray(begin, begin + dim))
    else meanOf(values, begin + prefix * dim, tokens - prefix, dim, into)
  }
  return vectors
}

/**
 * Makes one vector per image of an output: [n, d] as it is, tokens [n, t, d] and maps [n, d, h, w] by pooling. Sums are in
 * double precision.
 *
 * @param name of the output, for messages
 * @returns float32 [n, dim]
 * @throws OnnxError if the output has other axes than the pooling needs
 */
export const vectorsOf = (
  name: string,
  output: OnnxArray,
  options: PoolOptions
): { readonly dim: number; readonly vectors: Float32Array } => {
  const values = floats(name, output)
  // A map of one pixel is a vector.
  const trailing = output.dims.length === 4 && output.dims[2] === 1 && output.dims[3] === 1
  const dims = trailing && options.pooling === "none" ? output.dims.slice(0, 2) : output.dims
  const problem =
    poolingProblem(dims.length, options.pooling) ??
    (dims.length === 3 && options.pooling === "mean" && options.prefix >= dims[1]
      ? `has ${dims[1]} tokens, of which \`prefix_tokens: ${options.prefix}\` leaves none`
      : undefined)
  if (problem !== undefined) {
    throw new OnnxError({ subject: `output ${name} [${output.dims.join(", ")}]`, problem, remedy: "" })
  }
  if (dims.length === 2) return { dim: dims[1], vectors: values }
  if (dims.length === 3) return { dim: dims[2], vectors: pooledTokens(values, dims, options) }
  return {
    dim: options.layout === "nhwc" ? dims[3] : dims[1],
    vectors: pooledMap(values, dims, options.layout)
  }
}
