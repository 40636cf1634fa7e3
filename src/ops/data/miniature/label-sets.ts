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

/**
 * Distinct sets of class indices, from decks of all classes, so that each class occurs about equally often.
 *
 * @param classes how many there are
 * @param make what a set becomes; may draw
 */
export const drawLabelSets = <A>(
  seed: number,
  classes: number,
  make: (draw: Random, set: ReadonlyArray<number>) => A
): ReadonlyArray<A> => {
  const draw = random(seed, 0, 0, "label sets")
  const sets = new Map<string, A>()
  let deck: Array<number> = []
  while (sets.size < KNOBS.labelSets) {
    const size = drawSize(draw)
    if (deck.length < size) deck = [...deck, ...draw.permutation(classes)]
    const set = [...new Set(deck.splice(0, size))].sort((a, b) => a - b)
    const made = make(draw, set)
    if (!sets.has(set.join())) sets.set(set.join(), made)
  }
  return [...sets.values()]
}
