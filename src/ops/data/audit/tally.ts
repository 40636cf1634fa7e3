/** Counts an archive: classes by split and country, label sets, and suspicious labels. Pure. */
import type { Audit, PatchRef } from "../../elements.ts"
import type { Published } from "../archives/data-set.ts"
import type { ClassList } from "../archives/shared/class-list.ts"
import { filledFinding, isFilled } from "../archives/shared/filled.ts"
import { type Finding, finding } from "../archives/shared/findings.ts"

/** Labels of one patch under the classes that are audited. */
export interface Counted {
  readonly name: string
  readonly split: PatchRef["split"]
  readonly country: string | undefined
  /** Multi-hot. */
  readonly labels: Uint8Array
}

type Counts = Record<string, number>

const add = (counts: Counts, key: string, n = 1): void => {
  counts[key] = (counts[key] ?? 0) + n
}

const NO_SPLIT = "no split"
const ORDER = ["all", "train", "val", "test", NO_SPLIT]

/** Splits in their usual order. */
const bySplit = (counts: Readonly<Counts>): Counts =>
  Object.fromEntries(ORDER.filter((part) => counts[part] !== undefined).map((part) => [part, counts[part]]))

/** Sorts counts by name. Names that are numbers are in numeric order anyway. */
const byName = (counts: Readonly<Counts>): Counts =>
  Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)))

export interface Tally {
  readonly count: (patch: Counted) => void
  /** The counts so far. */
  readonly counts: () => Pick<
    Audit,
    "patches" | "splits" | "countries" | "classCounts" | "labelsPerPatch" | "distinctSets"
  >
  readonly findings: () => ReadonlyArray<Finding>
}

/** Patches of one class. */
interface ClassCounts {
  total: number
  readonly splits: Counts
  readonly countries: Counts
}

/** Distinct label sets by split, and of all. */
const labelSets = () => {
  const sets = new Map<string, Set<string>>()
  return {
    add: (split: string, labels: Uint8Array) => {
      const key = Buffer.from(labels).toString("latin1")
      for (const part of ["all", split]) {
        const known = sets.get(part) ?? new Set()
        known.add(key)
        sets.set(part, known)
      }
    },
    counts: (): Counts => bySplit(Object.fromEntries([...sets].map(([part, known]) => [part, known.size])))
  }
}

/** Findings about labels that are suspicious or worth a note. */
const labelFindings = (
  list: ClassList,
  classes: ReadonlyArray<string>,
  counts: ReadonlyArray<ClassCounts>,
  { empty, filled }: Readonly<Record<"empty" | "filled", ReadonlyArray<string>>>
): ReadonlyArray<Finding> => [
  ...finding("images have no label", empty, "note", "Reading leaves them out; nothing is to be done"),
  ...filledFinding(filled, list),
  ...finding(
    "classes have fewer than two patches",
    classes.filter((_, i) => counts[i].total < 2),
    "note",
    "Figures per class are undefined for them in some splits"
  )
]

/**
 * Counts the patches of an archive one by one; holds counts, names of suspicious patches, and distinct label sets.
 *
 * @param list the archive's own class list, whose limits make labels suspicious
 */
export const tallyOf = (classes: ReadonlyArray<string>, list: ClassList): Tally => {
  const splits: Counts = {}
  const countries: Counts = {}
  const perPatch: Counts = {}
  const classCounts = classes.map((): ClassCounts => ({ total: 0, splits: {}, countries: {} }))
  const sets = labelSets()
  const suspicious = { empty: [] as string[], filled: [] as string[] }
  let patches = 0
  const count = ({ country, labels, name, split }: Counted) => {
    const part = split ?? NO_SPLIT
    let number = 0
    patches++
    add(splits, part)
    if (country !== undefined) add(countries, country)
    labels.forEach((label, i) => {
      if (label === 0) return
      number++
      classCounts[i].total++
      add(classCounts[i].splits, part)
      if (country !== undefined) add(classCounts[i].countries, country)
    })
    add(perPatch, String(number))
    sets.add(part, labels)
    if (number === 0) suspicious.empty.push(name)
    if (isFilled(labels, list)) suspicious.filled.push(name)
  }
  return {
    count,
    counts: () => ({
      patches,
      splits: bySplit(splits),
      countries: byName(countries),
      classCounts: classCounts.map((one, i) => ({
        name: classes[i],
        total: one.total,
        splits: bySplit(one.splits),
        countries: byName(one.countries)
      })),
      labelsPerPatch: perPatch,
      distinctSets: sets.counts()
    }),
    findings: () => labelFindings(list, classes, classCounts, suspicious)
  }
}

const differences = (what: string, found: Counts, known: Readonly<Record<string, number>>): ReadonlyArray<string> =>
  Object.entries(known)
    .filter(([key, n]) => (found[key] ?? 0) !== n)
    .map(([key, n]) => `${what} ${key}: ${found[key] ?? 0}, published ${n}`)

/**
 * Lists how an archive's counts differ from the published ones. Splits are compared only if the archive has some.
 */
export const differencesFrom = (published: Published, counts: ReturnType<Tally["counts"]>): ReadonlyArray<string> => {
  const classes = Object.fromEntries(counts.classCounts.map(({ name, total }) => [name, total]))
  const divided = (counts.splits[NO_SPLIT] ?? 0) < counts.patches
  return [
    ...differences("number of", { patches: counts.patches }, { patches: published.patches }),
    ...differences("split", { ...counts.splits }, divided ? (published.splits ?? {}) : {}),
    ...differences("country", { ...counts.countries }, published.countries ?? {}),
    ...differences("class", classes, published.classes ?? {}),
    ...differences("patches with a number of labels of", { ...counts.labelsPerPatch }, published.labelsPerPatch ?? {}),
    ...(published.distinctSets === undefined
      ? []
      : differences("distinct label", { sets: counts.distinctSets.all ?? 0 }, { sets: published.distinctSets }))
  ]
}
