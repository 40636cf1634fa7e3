/**
 * What every kind of archive is to the rest: a list of patches, their labels, and what decodes one. A new kind is one file
 * with a value of `ArchiveKind`, and one line in `../archives.ts`.
 */

import { grouped } from "../../../../pipeline/words.ts"
import type { Finding, Nomenclature, PatchRef, RawPatch } from "../../../elements.ts"
import { clauseOf } from "./clause.ts"

export type { Finding } from "../../../elements.ts"

/** How an archive is to be read; each kind uses what concerns it. */
export interface ArchiveOptions {
  /** The file of labels, where it is not the usual one; within the archive's folder unless absolute. */
  readonly labels: string | undefined
  /** The folder of Sentinel-1 patches that go with those of Sentinel-2; within the archive's folder unless absolute. */
  readonly s1: string | undefined
  /** The folder of reference maps, read as a band of their own; within the archive's folder unless absolute. */
  readonly maps: string | undefined
  /** Labels from masks: a class counts with more pixels than this. */
  readonly threshold: number
  /** Names of the bands of images or arrays that do not name them. */
  readonly bands: ReadonlyArray<string> | undefined
  /** Where channels stand in arrays: last (height, width, channels) or first. */
  readonly layout: "hwc" | "chw"
  /** Whether labels alone are wanted: an archive whose images are not there at all then has its labels' names. */
  readonly labelsOnly: boolean
}

export const NO_OPTIONS: ArchiveOptions = {
  labels: undefined,
  s1: undefined,
  maps: undefined,
  threshold: 0,
  bands: undefined,
  layout: "hwc",
  labelsOnly: false
}

/** An archive whose labels have been read. */
export interface OpenArchive {
  readonly nomenclature: Nomenclature
  /** Of all patches that can be used, in the archive's own order, which never is the file system's. */
  readonly names: ReadonlyArray<string>
  /** @returns rejects with DataError where the patch's labels are missing or damaged */
  readonly reference: (name: string) => Promise<PatchRef>
  readonly findings: ReadonlyArray<Finding>
  /**
   * Names of the patches that have files, where opening has not looked for them; for an audit.
   *
   * @returns rejects with DataError where a folder cannot be listed
   */
  readonly onDisk?: () => Promise<ReadonlyArray<string>>
}

/** Options that a user may set, which not every kind of archive has a use for. */
export type Choosable = Exclude<keyof ArchiveOptions, "labelsOnly">

export interface ArchiveKind {
  readonly kind: string
  /** The options that it knows; others are refused. */
  readonly knows: ReadonlyArray<Choosable>
  /** One sentence: the data set, and how it lies on disk. */
  readonly about: string
  /** Whether a folder looks like one, by a glance at its names. */
  readonly recognises: (folder: string) => boolean
  /** @returns rejects with DataError where the folder is no such archive */
  readonly open: (folder: string, options: ArchiveOptions) => Promise<OpenArchive>
  /** @returns rejects with DataError naming file and band where one is missing, damaged, or of another size or dtype */
  readonly decode: (reference: PatchRef) => Promise<RawPatch>
}

/** More would not be read. */
const SHOWN = 5

/**
 * A finding about these items; none where there are none.
 *
 * @param what as of several, see `clauseOf`
 */
export const finding = (
  what: string,
  items: ReadonlyArray<string>,
  severity: Finding["severity"],
  remedy: string
): ReadonlyArray<Finding> =>
  items.length === 0 ? [] : [{ what, count: items.length, examples: items.slice(0, SHOWN), severity, remedy }]

/** Findings that say the same of several files as one. */
export const together = (findings: ReadonlyArray<Finding>): ReadonlyArray<Finding> => {
  const byText = new Map<string, Finding>()
  for (const one of findings) {
    const other = byText.get(one.what)
    const examples = [...(other?.examples ?? []), ...one.examples].slice(0, SHOWN)
    byText.set(one.what, { ...one, count: (other?.count ?? 0) + one.count, examples })
  }
  return [...byText.values()]
}

/** Labels without any images: what was looked at, where labels alone are wanted. */
export const standAlone = (names: ReadonlyArray<string>): ReadonlyArray<Finding> =>
  finding(
    "label rows stand alone: no images are there",
    names,
    "note",
    "Labels are all that was looked at; get the images before anything is trained"
  )

/** How many there are of what: "3 label rows have no image". */
export const countedText = ({ count, what }: Finding): string => `${grouped(count)} ${clauseOf(count, what)}`

/** A finding as a clause: "3 label rows have no image: a, b, c". */
export const findingText = (one: Finding): string => {
  const { count, examples } = one
  const more = count > examples.length ? `, and ${grouped(count - examples.length)} more` : ""
  return `${countedText(one)}${examples.length === 0 ? "" : `: ${examples.join(", ")}${more}`}`
}

/** What a patch decodes to, but for its pixels. */
export const rawOf = ({ name, labels, nomenclature, split }: PatchRef, bands: RawPatch["bands"]): RawPatch => ({
  kind: "raw",
  name,
  labels,
  nomenclature,
  split,
  bands
})
