/**
 * Ground truth: which images are relevant to which. Images with equal label sets are interchangeable, so it is a table over pairs
 * of distinct label sets, one byte per pair for up to 21 classes; no lists of matches are stored.
 */
import { type LabelSets, labelSets } from "./label-sets.ts"
import { type Codebook, type Codes, codebook, codesWith, relevantCodes } from "./relevance.ts"

/** Ground truth of some images. */
export interface Truth {
  readonly names: ReadonlyArray<string>
  readonly classes: ReadonlyArray<string>
  readonly sets: LabelSets
  readonly book: Codebook
  /**
   * Codes of all pairs of sets, [sets, sets]; undefined if the table would be larger than `LARGEST_TABLE`. Rows are then made
   * when they are needed.
   */
  readonly table: Codes | undefined
}

/** Largest table, in bytes; it holds more than 5,000 label sets of 19 classes. */
export const LARGEST_TABLE = 32 * 2 ** 20

const tableOf = (sets: LabelSets): Codes | undefined => {
  const first = sets.count === 0 ? undefined : codesWith(sets, 0)
  if (first === undefined || sets.count * first.byteLength > LARGEST_TABLE) return undefined
  const table = new (first.constructor as Uint8ArrayConstructor)(sets.count ** 2) as Codes
  for (let set = 0; set < sets.count; set++) table.set(codesWith(sets, set), set * sets.count)
  return table
}

/**
 * Makes the ground truth of some images.
 *
 * @param labels uint8 [names, classes]
 * @throws MeasureError if the labels do not fit the names and classes
 */
export const truthOf = (names: ReadonlyArray<string>, classes: ReadonlyArray<string>, labels: Uint8Array): Truth => {
  const sets = labelSets(labels, names.length, classes.length)
  return { names, classes, sets, book: codebook(classes.length), table: tableOf(sets) }
}

/** Codes of one label set with every set, [sets]. */
export const truthRow = ({ sets, table }: Truth, set: number): Codes =>
  table === undefined ? codesWith(sets, set) : table.subarray(set * sets.count, (set + 1) * sets.count)

/** Jaccard distance of the labels of two images. */
export const truthDistance = (truth: Truth, a: number, b: number): number =>
  truth.book.distance[truthRow(truth, truth.sets.of[a])[truth.sets.of[b]]]

/** The images at a Jaccard distance of at most `threshold` from one image, ascending; the image itself is included. */
export const matchesWithin = (truth: Truth, image: number, threshold: number): Int32Array => {
  const relevant = relevantCodes(truth.book, threshold)
  const row = truthRow(truth, truth.sets.of[image])
  const found: Array<number> = []
  truth.sets.of.forEach((set, other) => {
    if (relevant[row[set]] === 1) found.push(other)
  })
  return Int32Array.from(found)
}
