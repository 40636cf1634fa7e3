/** Which classes occur together in a miniature. */
import { type Random, random } from "../../../pipeline/random.ts"
import { KNOBS } from "./knobs.ts"

const drawSize = (draw: Random): number => {
  let left = draw.next()
  for (let i = 0; i < KNOBS.setSizes.length; i++) {
    left -= KNOBS.setSizes[i]
    if (left < 0) return i + 1
  }
  return KNOBS.setSizes.length
}

/** Number of different sets of 1 to `KNOBS.setSizes.length` of the classes, as far as `most`. */
const setsPossible = (classes: number, most: number): number => {
  let total = 0
  let ofSize = 1
  for (let size = 1; size <= Math.min(classes, KNOBS.setSizes.length) && total < most; size++) {
    ofSize = (ofSize * (classes - size + 1)) / size
    total += ofSize
  }
  return Math.min(most, total)
}

/**
 * Draws different sets of class indices, from decks of all classes, so that each class occurs about equally often: 30 sets,
 * or every possible one if the classes allow fewer.
 *
 * @param classes number of classes
 * @param make what a set becomes; may draw
 * @throws Error if there is no class
 */
export const drawLabelSets = <A>(
  seed: number,
  classes: number,
  make: (draw: Random, set: ReadonlyArray<number>) => A
): ReadonlyArray<A> => {
  if (classes === 0) throw new Error("a miniature has no class")
  const draw = random(seed, 0, 0, "label sets")
  const sets = new Map<string, A>()
  const wanted = setsPossible(classes, KNOBS.labelSets)
  let deck: Array<number> = []
  while (sets.size < wanted) {
    const size = drawSize(draw)
    while (deck.length < size) deck = [...deck, ...draw.permutation(classes)]
    const set = [...new Set(deck.splice(0, size))].sort((a, b) => a - b)
    const made = make(draw, set)
    if (!sets.has(set.join())) sets.set(set.join(), made)
  }
  return [...sets.values()]
}
