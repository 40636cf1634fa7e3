/** Ways to split an archive's patches into training, validation and test. */
import { counted, few } from "../../../pipeline/words.ts"
import type { PatchRef, Split } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { listedBy, type Stem } from "../archives/shared/image-files.ts"
import { prepareStd } from "./original-draws.ts"

export const SPLITS = ["train", "val", "test"] as const satisfies ReadonlyArray<Split>

export interface Divided {
  /** Patches in the archive's order, each with its split; without patches that have none. */
  readonly references: ReadonlyArray<PatchRef>
  /** Sentences to report. */
  readonly notes: ReadonlyArray<string>
}

/**
 * Splits as the original does: numpy's legacy generator draws the training images, then the validation images; the rest is
 * for testing.
 */
export const drawn = (references: ReadonlyArray<PatchRef>, seed: number, train: number, val: number): Divided => {
  if (train + val > 1) {
    throw new DataError({
      subject: "split",
      problem: `train ${train} and val ${val} add up to more than 1`,
      remedy: "Set shares whose sum is at most 1"
    })
  }
  const parts = prepareStd(references.length, seed, train, val)
  const of = new Array<Split>(references.length)
  for (const split of SPLITS) for (const i of parts[split]) of[i] = split
  return { references: references.map((ref, i) => ({ ...ref, split: of[i] })), notes: [] }
}

/**
 * Splits as the archive does. If it has no validation patches, the share `val` of all patches is drawn from its training
 * patches.
 *
 * @throws DataError if the archive has no split of its own
 */
export const byArchive = (references: ReadonlyArray<PatchRef>, seed: number, val: number): Divided => {
  const kept = references.filter(({ split }) => split !== undefined)
  if (kept.length === 0) {
    throw new DataError({
      subject: "split",
      problem: "the archive has no split of its own",
      remedy: "Draw one (`by: draw`) or give lists of names (`by: lists`)"
    })
  }
  const outside = references.length - kept.length
  const notes =
    outside === 0 ? [] : [`left out ${counted(outside, "patch", "patches")} that the archive puts into no split`]
  if (kept.some(({ split }) => split === "val")) return { references: kept, notes }
  if (val === 0) {
    return { references: kept, notes: [...notes, "the archive has no validation patches; set `val: 0.1` to draw some"] }
  }
  const training = [...kept.keys()].filter((i) => kept[i].split === "train")
  const share = Math.min(1, (val * kept.length) / training.length)
  const chosen = new Set([...prepareStd(training.length, seed, share, 0).train].map((i) => training[i]))
  return {
    references: kept.map((ref, i) => (chosen.has(i) ? { ...ref, split: "val" } : ref)),
    notes: [...notes, `drew ${chosen.size} validation patches from the archive's training patches`]
  }
}

/** Names per part. */
export type Lists = Readonly<Partial<Record<Split, ReadonlyArray<string>>>>

/** The split of each name in the lists, by its stem; the last list that has the name counts. */
export const splitsByStem = (lists: Lists, stemOf: Stem): ReadonlyMap<string, Split> =>
  new Map(SPLITS.flatMap((split) => (lists[split] ?? []).map((name) => [stemOf(name), split] as const)))

/** As `splitsByStem`, but each name may be listed only once. */
const partsOf = (lists: Lists, stemOf: Stem): ReadonlyMap<string, Split> => {
  const parts = new Map<string, Split>()
  for (const split of SPLITS) {
    for (const name of lists[split] ?? []) {
      const other = parts.get(stemOf(name))
      if (other !== undefined) {
        throw new DataError({
          subject: "split",
          problem: `${name} is in the lists of ${other} and ${split}`,
          remedy: "Put each name into one list, once"
        })
      }
      parts.set(stemOf(name), split)
    }
  }
  return parts
}

/** Refuses listed names that two patches share once case and extension are ignored. */
const checkTwins = (references: ReadonlyArray<PatchRef>, stemOf: Stem, parts: ReadonlyMap<string, Split>): void => {
  const names = new Map<string, string>()
  for (const { name } of references) {
    const stem = stemOf(name)
    const other = names.get(stem)
    if (other !== undefined && parts.has(stem)) {
      throw new DataError({
        subject: "split",
        problem: `${other} and ${name} are the same name in a list, because case and extension are ignored`,
        remedy: "Rename one of them, or draw the split (`by: draw`)"
      })
    }
    names.set(stem, name)
  }
}

/**
 * Splits by lists of names, official ones or the user's own. Names are compared without extension and case, and without
 * folder unless patches are named by path. Patches in no list are left out.
 *
 * @param missing what to do if a name has no patch
 * @throws DataError if a name is in two lists, belongs to two patches, or has no patch and `missing` is `fail`; or if no
 *   name has a patch
 */
export const byLists = (references: ReadonlyArray<PatchRef>, lists: Lists, missing: "fail" | "skip"): Divided => {
  const stemOf = listedBy(references.map(({ name }) => name))
  const parts = partsOf(lists, stemOf)
  checkTwins(references, stemOf, parts)
  const kept = references
    .map((ref): PatchRef => ({ ...ref, split: parts.get(stemOf(ref.name)) }))
    .filter(({ split }) => split !== undefined)
  const found = new Set(kept.map(({ name }) => stemOf(name)))
  const absent = SPLITS.flatMap((split) => (lists[split] ?? []).filter((name) => !found.has(stemOf(name))))
  const text = `${counted(absent.length, "name in the lists has", "names in the lists have")} no patch: ${few(absent)}`
  if (absent.length > 0 && missing === "fail") {
    throw new DataError({
      subject: "split",
      problem: text,
      remedy: "Give the archive that the lists belong to, or set `missing: skip` if it is a part of it"
    })
  }
  if (kept.length === 0) {
    throw new DataError({
      subject: "split",
      problem: `no name in the lists is that of a patch: the lists have ${few(absent)}, the archive ${few(references.map(({ name }) => name))}`,
      remedy: "Give the lists of this archive: one patch name per line, in the first column"
    })
  }
  const unmatched = SPLITS.filter((split) => lists[split] !== undefined && !kept.some((ref) => ref.split === split))
  const outside = references.length - kept.length
  return {
    references: kept,
    notes: [
      ...unmatched.map((split) => `no name in the list of ${split} has a patch`),
      ...(absent.length > 0 ? [text] : []),
      ...(outside > 0 ? [`left out ${counted(outside, "patch that is", "patches that are")} in no list`] : [])
    ]
  }
}
