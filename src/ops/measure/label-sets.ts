/**
 * Distinct label sets. Patches with equal label sets are interchangeable for every metric, so all values that depend on a pair
 * of patches are computed for pairs of sets: BigEarthNet's 119,825 test patches have 2,797 distinct sets.
 */
import { MeasureError } from "./measure-error.ts"
import { popcount } from "./popcount.ts"

/** The distinct label sets of some images. */
export interface LabelSets {
  /** Number of classes. */
  readonly classes: number
  /** Number of distinct sets, numbered in the order of their first appearance. */
  readonly count: number
  /** Set of each image, [images]. */
  readonly of: Uint32Array
  /** 32-bit words per set. */
  readonly words: number
  /** The sets as bits, row-major [count, words]: class c is bit c % 32 of word c / 32. */
  readonly bits: Uint32Array
  /** Number of labels of each set, [count]. */
  readonly sizes: Uint16Array
}

/** Number of 32-bit words that hold a set of labels. */
export const wordsFor = (classes: number): number => Math.max(1, Math.ceil(classes / 32))

/** 1 if a set has a class, else 0. */
export const labelOf = ({ bits, words }: LabelSets, set: number, c: number): number =>
  (bits[set * words + (c >>> 5)] >>> (c & 31)) & 1

/**
 * Finds the distinct rows of multi-hot labels.
 *
 * @param labels row-major [images, classes]; anything but 0 is a label
 * @throws MeasureError if `labels` has another size
 * @example
 * labelSets(Uint8Array.of(1, 0, 0, 1, 1, 0), 3, 2).of // => Uint32Array.of(0, 1, 0)
 */
export const labelSets = (labels: Uint8Array, images: number, classes: number): LabelSets => {
  if (labels.length !== images * classes) {
    throw new MeasureError({
      subject: "labels",
      problem: `${labels.length} values are not ${images} images of ${classes} classes`,
      remedy: "Give one row of labels per image"
    })
  }
  const words = wordsFor(classes)
  const known = new Map<string, number>()
  const of = new Uint32Array(images)
  const distinct: Array<Uint32Array> = []
  for (let image = 0; image < images; image++) {
    const bits = new Uint32Array(words)
    for (let c = 0; c < classes; c++) if (labels[image * classes + c] !== 0) bits[c >>> 5] |= 1 << (c & 31)
    const key = words === 1 ? String(bits[0]) : bits.join()
    let set = known.get(key)
    if (set === undefined) {
      set = distinct.push(bits) - 1
      known.set(key, set)
    }
    of[image] = set
  }
  const bits = new Uint32Array(distinct.length * words)
  distinct.forEach((set, i) => {
    bits.set(set, i * words)
  })
  const sizes = Uint16Array.from(distinct, (set) => set.reduce((sum, word) => sum + popcount(word), 0))
  return { classes, count: distinct.length, of, words, bits, sizes }
}
