/** Figures that help to understand an archive, as `data/figures.js` holds them. Images are given by number. */

/** Two images and the cosine of their embeddings. */
export type Pair = readonly [a: number, b: number, cosine: number]

/** A label that most neighbours of an image contradict. */
export interface Doubt {
  readonly image: number
  readonly label: number
  /** Whether the image has the label. */
  readonly has: boolean
  /** Share of its nearest images that have the label. */
  readonly share: number
}

/** Mean precision at 21 levels of recall, from 0 to 1. */
export interface Curve {
  readonly level: "easy" | "medium" | "hard"
  readonly precision: ReadonlyArray<number>
  readonly mean: number
  readonly queries: number
}

export interface Figures {
  /** Number of images that were queries, each against all others. */
  readonly queries: number
  /** Images of each class. */
  readonly sizes: ReadonlyArray<number>
  /** Images that have two classes both, row-major [classes, classes]. */
  readonly together: ReadonlyArray<number>
  /** Mean average precision of each class: relevant are the images that have it; null without queries. */
  readonly classes: ReadonlyArray<number | null>
  readonly curves: ReadonlyArray<Curve>
  /** Average precision per image at the hard level, as bytes 0 to 250; 255 if it is not known. Base64. */
  readonly ap: string
  /** Pairs of the most similar images, best first. */
  readonly pairs: ReadonlyArray<Pair>
  /** Pairs across splits, best first; empty if fewer than two splits are known. */
  readonly across: ReadonlyArray<Pair>
  /** Names of the splits and the split of each image of `across`, by image. */
  readonly splits: Readonly<Record<string, string>>
  readonly doubts: ReadonlyArray<Doubt>
  /**
   * How the nearest images behind `pairs`, `across` and `doubts` were found: each image was compared with at least `compared`
   * images: all images of its own group and of the nearest groups. `recall` is the share of the ten nearest images of the
   * queries that this found. Undefined if all images were compared with all.
   */
  readonly neighbours: { readonly compared: number; readonly recall: number } | undefined
}

/** Cosine from which two images count as duplicates. */
export const SAME = 0.9999

/** Value of `ap` for an image that was no query, or that has no relevant image. */
export const UNKNOWN = 255

/** Largest value of `ap`. */
export const FULL = 250

/**
 * Whether a value of `ap` lies in a range from 0 to 1, whose end is part of it only if it is 1.
 *
 * @example
 * [inRange(75, [0.3, 0.4]), inRange(100, [0.3, 0.4]), inRange(250, [0.9, 1]), inRange(255, [0, 1])] // => [true, false, true, false]
 */
export const inRange = (value: number, [low, high]: readonly [low: number, high: number]): boolean =>
  value !== UNKNOWN && value / FULL >= low && (value / FULL < high || high === 1)
