/** Conversion between the layouts of files (as in PyTorch: [O, I, KH, KW], [O, I]) and of the engine ([KH, KW, I, O], [I, O]). */

/** Transpose of a [rows, columns] matrix. */
const transposed = (values: Float32Array, rows: number, columns: number): Float32Array => {
  const made = new Float32Array(values.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) made[column * rows + row] = values[row * columns + column]
  }
  return made
}

/** Transposes each of a sequence of [rows, columns] matrices. */
const exchanged = (values: Float32Array, rows: number, columns: number): Float32Array => {
  const made = new Float32Array(values.length)
  for (let from = 0; from < values.length; from += rows * columns) {
    made.set(transposed(values.subarray(from, from + rows * columns), rows, columns), from)
  }
  return made
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
 */
export const toEngine = (values: Float32Array, shape: ReadonlyArray<number>): Float32Array => {
  const [O, I, KH = 1, KW = 1] = shape
  if (shape.length !== 4 && shape.length !== 2) return values
  // [O, I, KH, KW] is a matrix of O I rows and KH KW columns. Its transpose is [KH KW, O, I], where each [O, I] is transposed.
  return exchanged(transposed(values, O * I, KH * KW), O, I)
}

/**
 * Converts an array from the layout of the engine to that of files.
 *
 * @param shape shape of the array in files
 */
export const toFile = (values: Float32Array, shape: ReadonlyArray<number>): Float32Array => {
  const [O, I, KH = 1, KW = 1] = shape
  if (shape.length !== 4 && shape.length !== 2) return values
  return transposed(exchanged(values, I, O), KH * KW, O * I)
}
