/** The classes of a batch and their images. */

/**
 * The images of each class, ascending.
 *
 * @param labels multi-hot [rows, classes]
 * @example
 * membersOf(Uint8Array.of(1, 0, 1, 1), 2) // => [[0, 1], [1]]
 */
export const membersOf = (labels: Uint8Array, rows: number): ReadonlyArray<ReadonlyArray<number>> => {
  const classes = rows === 0 ? 0 : labels.length / rows
  const all = Array.from({ length: rows }, (_, row) => row)
  return Array.from({ length: classes }, (_, c) => all.filter((row) => labels[row * classes + c] !== 0))
}
