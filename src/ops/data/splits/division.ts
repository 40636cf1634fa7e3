/** Ways to divide an archive's patches into training, validation and test. */
import { counted, few } from "../../../pipeline/words.ts"
import type { PatchRef, Split } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { listedBy, type Stem } from "../archives/shared/image-files.ts"
import { prepareStd } from "./original-draws.ts"

export const SPLITS = ["train", "val", "test"] as const satisfies ReadonlyArray<Split>

export interface Divided {
  /** Patches in the archive's order, each with its split; those of none left out. */
  readonly references: ReadonlyArray<PatchRef>
  /** Sentences worth saying. */
  readonly notes: ReadonlyArray<string>
}

/** The original's way: numpy's legacy generator draws the training images, then the validation images; the rest tests. */
export const drawn = (references: ReadonlyArray<PatchRef>, seed: number, train: number, val: number): Divided => {
  if (train + val > 1) {
    throw new DataError({
      subject: "split",
      problem: `train ${train} and val ${val} are more than the whole`,
      remedy: "Give shares whose sum is at most 1"
    })
  }
  const parts = prepareStd(references.length, seed, train, val)
  const of = new Array<Split>(references.length)
  for (const split of SPLITS) for (const i of parts[split]) of[i] = split
  return { references: references.map((ref, i) => ({ ...ref, split: of[i] })), notes: [] }
}

/**
 * The archive's own division. Where it has no validation patches, `val` of the whole are drawn among its training patches.
 *
 * @throws DataError where the archive has no division
 */
export const byArchive = (references: ReadonlyArray<PatchRef>, seed: number, val: number): Divided => {
  const kept = references.filter(({ split }) => split !== undefined)
  if (kept.length === 0) {
    throw new DataError({
      subject: "split",
      problem: "the archive does not divide its patches",
      remedy: "Draw a division (`by: draw`) or give lists of names (`by: lists`)"
    })
  }
  const outside = references.length - kept.length
  const notes =
    outside === 0 ? [] : [`left out ${counted(outside, "patch", "patches")} that the archive puts into no part`]
  if (kept.some(({ split }) => split === "val")) return { references: kept, notes }
  if (val === 0) {
    return { references: kept, notes: [...notes, "the archive has no validation patches; `val: 0.1` would draw some"] }
  }
  const training = [...kept.keys()].filter((i) => kept[i].split === "train")
  const share = Math.min(1, (val * kept.length) / training.length)
  const chosen = new Set([...prepareStd(training.length, seed, share, 0).train].map((i) => training[i]))
  return {
    references: kept.map((ref, i) => (chosen.has(i) ? { ...ref, split: "val" } : ref)),
    notes: [...notes, `drew ${chosen.size} validation patches among the archive's training patches`]
  }
}

/** Names per part. */
export type Lists = Readonly<Partial<Record<Split, ReadonlyArray<string>>>>

/** The split of each name in lists, by its stem; the last list that has it counts. */
export const splitsByStem = (lists: Lists, stemOf: Stem): ReadonlyMap<string, Split> =>
  new Map(SPLITS.flatMap((split) => (lists[split] ?? []).map((name) => [stemOf(name), split] as const)))

/** As `splitsByStem`, where each name must stand once. */
const partsOf = (lists: Lists, stemOf: Stem): ReadonlyMap<string, Split> => {
  const parts = new Map<string, Split>()
  for (const split of SPLITS) {
    for (const name of lists[split] ?? []) {
      const other = parts.get(stemOf(name))
      if (other !== undefined) {
        throw new DataError({
          subject: "split",
          problem: `${name} stands in the lists of ${other} and ${split}`,
          remedy: "Each name belongs to one list, once"
        })
      }
      parts.set(stemOf(name), split)
    }
  }
  return parts
}

/** Lists cannot tell patches apart whose names differ in no more than what is not compared. */
const checkTwins = (references: ReadonlyArray<PatchRef>, stemOf: Stem, parts: ReadonlyMap<string, Split>): void => {
  const names = new Map<string, string>()
  for (const { name } of references) {
    const stem = stemOf(name)
    const other = names.get(stem)
    if (other !== undefined && parts.has(stem)) {
      throw new DataError({
        subject: "split",
        problem: `${other} and ${name} are the same name to a list, which is compared without case and extension`,
        remedy: "Name one of them otherwise, or draw a division (`by: draw`)"
      })
    }
    names.set(stem, name)
  }
}

/**
 * By lists of names: official ones, or one's own. Names are compared without extension and case, and without
 * folder unless patches are named by path; patches in no list are left out.
 *
 * @param missing what to do where a name has no patch
 * @throws DataError where a name stands in two lists, is that of two patches, or has none and `missing` is `fail`
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
      remedy: "Give the archive that the lists are of, or `missing: skip` for a part of it"
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
      ...(outside > 0 ? [`left out ${counted(outside, "patch that stands", "patches that stand")} in no list`] : [])
    ]
  }
}
