/** Class lists by the names that configurations use, and the translation of label names into vectors under them. */
import { suggestion } from "../../../pipeline/words.ts"
import type { Nomenclature } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { encode19, encode43 } from "./bigearthnet/corine-labels.ts"
import { DATA_SETS } from "./list.ts"
import { type ClassList, classFinder, multiHot, OWN, ownClasses } from "./shared/class-list.ts"

export { OWN } from "./shared/class-list.ts"

type Known = (typeof DATA_SETS)[number]["classes"][number]

/** A value of `nomenclature`: `own`, or the name or synonym of a data set's class list. */
export type NomenclatureName = typeof OWN | Known["name"] | Known["synonyms"][number]

const LISTS: ReadonlyArray<ClassList> = DATA_SETS.flatMap(({ classes }): ReadonlyArray<ClassList> => classes)

/** All values of `nomenclature`. */
export const NOMENCLATURE_NAMES = [
  ...new Set([OWN, ...LISTS.flatMap(({ name, synonyms }) => [name, ...synonyms])])
] as ReadonlyArray<NomenclatureName>

const BY_NAME: ReadonlyMap<string, ClassList> = new Map(
  LISTS.flatMap((list) => [list.name, ...list.synonyms].map((name) => [name, list] as const))
)

/** Made once per list, so that the patches of a run share them. */
const NOMENCLATURES: ReadonlyMap<string, Nomenclature> = new Map(
  [...BY_NAME].map(([key, { classes, name }]) => [key, { name, classes }])
)

/** The class list of a data set, by its name. */
export const nomenclatureOf = (name: Exclude<NomenclatureName, typeof OWN>): Nomenclature => {
  const found = NOMENCLATURES.get(name)
  if (found === undefined) throw new Error(`no class list is called ${name}`)
  return found
}

/** A class list that an archive brings itself. */
export const ownNomenclature = (classes: ReadonlyArray<string>): Nomenclature => ({ name: OWN, classes })

/** Everything known of a class list: what a data set says of it, or no more than its classes. */
export const classListOf = ({ classes, name }: Nomenclature): ClassList => BY_NAME.get(name) ?? ownClasses(classes)

const finders = new WeakMap<ReadonlyArray<string>, ReturnType<typeof classFinder>>()

/** Made once per class list: the patches of an archive share theirs. */
const finderOf = (nomenclature: Nomenclature): ReturnType<typeof classFinder> => {
  const { classes } = nomenclature
  const finder = finders.get(classes) ?? classFinder({ ...classListOf(nomenclature), classes })
  finders.set(classes, finder)
  return finder
}

/**
 * Multi-hot vector of class names, uint8 [classes].
 *
 * @param subject the patch, for messages
 * @throws DataError if a name is not a class in any spelling
 */
export const encodeLabels = (
  labels: ReadonlyArray<string>,
  nomenclature: Nomenclature,
  subject: string
): Uint8Array => {
  const { classes, name } = nomenclature
  if (name === "43") return encode43(labels, subject)
  const find = finderOf(nomenclature)
  return multiHot(
    classes.length,
    labels.map((label) => {
      const index = find(label)
      if (index !== undefined) return index
      throw new DataError({
        subject,
        problem: `has the unknown label "${label}"${suggestion(label, classes)}`,
        remedy: `Labels are the ${classes.length} classes of ${name === OWN ? "its archive" : name}`
      })
    })
  )
}

/**
 * Converts labels of one class list to another: CORINE's 43 classes to 19, and lists that differ only in their name.
 *
 * @param from the class list that `labels` are names of
 * @returns multi-hot vector under `to`, uint8 [classes]
 * @throws DataError if a name is unknown, or the lists cannot be converted
 */
export const translateLabels = (
  labels: ReadonlyArray<string>,
  from: Nomenclature,
  to: Nomenclature,
  subject: string
): Uint8Array => {
  if (from.name === "43" && to.name === "19") {
    encode43(labels, subject)
    return encode19(labels)
  }
  if (from.name === to.name || from.classes.join("\n") === to.classes.join("\n")) {
    return encodeLabels(labels, to, subject)
  }
  throw new DataError({
    subject,
    problem: `has labels of ${from.name}, which cannot be converted to ${to.name}`,
    remedy: `Read with \`nomenclature: ${from.name}\``
  })
}
