/** Arrays of ONNX Runtime, in Node and in browsers. */

/** An array that goes into a network or comes out of it. */
export interface OnnxArray {
  /** ONNX Runtime's name of the type: `float32`, `float16` (as bits), `uint8`, ... */
  readonly type: string
  readonly dims: ReadonlyArray<number>
  readonly data: Float32Array | Float64Array | Uint16Array | Uint8Array | Int8Array | Int32Array | BigInt64Array
}

/** An array as plain data. Engines with the type `Float16Array` give half-precision numbers as such; their bits are the same. */
export const plainArray = ({ data, dims, type }: OnnxArray): OnnxArray => {
  const bits = type === "float16" && !(data instanceof Uint16Array)
  return { type, dims: [...dims], data: bits ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data }
}
