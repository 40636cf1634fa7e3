/** Conversion between the layouts of files (as in PyTorch: [O, I, KH, KW], [O, I]) and of the engine ([KH, KW, I, O], [I, O]). */

/** Reverses the order of the axes: element [a, b, c] becomes element [c, b, a] of `into`. */
const reversed = (
  values: Float32Array,
  [A, B, C]: readonly [number, number, number],
  into: Float32Array
): Float32Array => {
  for (let a = 0; a < A; a++) {
    for (let b = 0; b < B; b++) {
      for (let c = 0; c < C; c++) into[(c * B + b) * A + a] = values[(a * B + b) * C + c]
    }
  }
  return into
}

/**
 * Shape in the engine of an array with the given shape in files.
 *
 * @example
 * engineShape([64, 3, 7, 7]) // => [7, 7, 3, 64]
 */
export const engineShape = (shape: ReadonlyArray<number>): ReadonlyArray<number> => {
  if (shape.length === 4) return [shape[2], shape[3], shape[1], shape[0]]
  return shape.length === 2 ? [shape[1], shape[0]] : shape
}

/**
 * Converts an array from the layout of files to that of the engine.
 *
 * @param shape shape of the array in files
 * @param into receives the converted values; a new array by default
 */
export const toEngine = (
  values: Float32Array,
  shape: ReadonlyArray<number>,
  into = new Float32Array(values.length)
): Float32Array => {
  const [O, I, KH = 1, KW = 1] = shape
  if (shape.length === 4 || shape.length === 2) return reversed(values, [O, I, KH * KW], into)
  into.set(values)
  return into
}

/**
 * Converts an array from the layout of the engine to that of files.
 *
 * @param shape shape of the array in files
 */
export const toFile = (values: Float32Array, shape: ReadonlyArray<number>): Float32Array => {
  const [O, I, KH = 1, KW = 1] = shape
  return shape.length === 4 || shape.length === 2
    ? reversed(values, [KH * KW, I, O], new Float32Array(values.length))
    : values
}
