/** Class lists: the names of classes in their order, other spellings of them, and multi-hot vectors. */
import type { Nomenclature } from "../../../elements.ts"

/** The classes of a data set, and what is known of its labels. */
export interface ClassList<Name extends string = string, Synonym extends string = string> extends Nomenclature {
  /** Its name in configurations: `nomenclature: UCM`. */
  readonly name: Name
  /** Other names of the list. */
  readonly synonyms: ReadonlyArray<Synonym>
  /**
   * Classes by other spellings in circulation. Spellings are written as `folded` returns them; those that differ from the
   * class by nothing else need no entry.
   */
  readonly aliases: Readonly<Record<string, string>>
  /** The largest number of labels that an image is documented to have. */
  readonly mostLabels: number | undefined
  /** Remedy for labels that look filled in, if a better one than the usual is known. */
  readonly filledRemedy?: string
}

/** Defines a class list; its type keeps the name. */
export const classList = <const Name extends string, const Synonym extends string = never>(
  list: ClassList<Name, Synonym>
): ClassList<Name, Synonym> => list

/** Name of a class list that the archive brings itself. */
export const OWN = "own"

/** A class list that the archive brings itself. */
export const ownClasses = (classes: ReadonlyArray<string>): ClassList<typeof OWN, never> => ({
  name: OWN,
  classes,
  synonyms: [],
  aliases: {},
  mostLabels: undefined
})

/**
 * Letters and digits only, in lower case: "Bare Soil", "bare-soil" and "bare_soil" are one.
 *
 * @example
 * folded("Bare-Soil") // => "baresoil"
 */
export const folded = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}&]+/gu, "")

/** Finds the index of a class by any of its spellings. */
export const classFinder = ({
  aliases,
  classes
}: Pick<ClassList, "aliases" | "classes">): ((label: string) => number | undefined) => {
  const exact = new Map(classes.map((one, i) => [one, i]))
  const loose = new Map<string, number | undefined>()
  // If two classes differ only in spelling, only their exact names count.
  classes.forEach((one, i) => {
    loose.set(folded(one), loose.has(folded(one)) ? undefined : i)
  })
  const others = new Map(Object.entries(aliases).map(([alias, one]) => [alias, exact.get(one)]))
  return (label) => exact.get(label) ?? loose.get(folded(label)) ?? others.get(folded(label))
}

/**
 * Multi-hot vector, uint8 [size], of class indices; `undefined` is skipped.
 *
 * @example
 * multiHot(4, [0, undefined, 2]) // => Uint8Array.of(1, 0, 1, 0)
 */
export const multiHot = (size: number, set: Iterable<number | undefined>): Uint8Array => {
  const vector = new Uint8Array(size)
  for (const i of set) if (i !== undefined) vector[i] = 1
  return vector
}

/**
 * Names of the classes that are set in a multi-hot vector.
 *
 * @example
 * namesOf(Uint8Array.of(1, 0, 1), ["sea", "sand", "ship"]) // => ["sea", "ship"]
 */
export const namesOf = (vector: Uint8Array, classes: ReadonlyArray<string>): ReadonlyArray<string> =>
  classes.filter((_, i) => vector[i] === 1)
