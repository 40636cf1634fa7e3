/** The kinds of archives that are read. A new one is a file in `archive/` and a line here. */
import { statSync } from "node:fs"
import { join } from "node:path"
import type { PatchRef, RawPatch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { aid } from "./aid.ts"
import { arrays } from "./arrays.ts"
import { bigearthnet } from "./bigearthnet.ts"
import { bigearthnetV2 } from "./bigearthnet-v2.ts"
import { dfc15 } from "./dfc15.ts"
import { dlrsd } from "./dlrsd.ts"
import { eurosat } from "./eurosat.ts"
import { folder } from "./folder.ts"
import { mlrsnet } from "./mlrsnet.ts"
import { firstNames } from "./shared/glance.ts"
import { type ArchiveKind, type ArchiveOptions, type Choosable, NO_OPTIONS, type OpenArchive } from "./shared/kind.ts"
import { ucm } from "./ucm.ts"
import { whdld } from "./whdld.ts"

const KINDS = {
  bigearthnet,
  "bigearthnet-v2": bigearthnetV2,
  ucm,
  aid,
  whdld,
  dlrsd,
  dfc15,
  mlrsnet,
  eurosat,
  arrays,
  folder
} as const satisfies Readonly<Record<string, ArchiveKind>>

export type ArchiveName = keyof typeof KINDS
export const ARCHIVE_NAMES = Object.keys(KINDS) as ReadonlyArray<ArchiveName>

/** Found out by what the folder holds. */
export const AUTO = "auto"

/** How an archive is to be read, as operators take it; see `archive-choice.ts`. */
export interface ArchiveChoice {
  readonly kind?: ArchiveName | typeof AUTO
  readonly labels?: string
  readonly s1?: string
  readonly maps?: string
  readonly mask_threshold?: number
  readonly bands?: ReadonlyArray<string>
  readonly layout?: "hwc" | "chw"
}

const optionsOf = (
  { bands, labels, layout, maps, mask_threshold, s1 }: ArchiveChoice,
  labelsOnly: boolean
): ArchiveOptions => ({
  labels,
  s1,
  maps,
  bands,
  threshold: mask_threshold ?? NO_OPTIONS.threshold,
  layout: layout ?? NO_OPTIONS.layout,
  labelsOnly
})

/** As users write them. */
const PARAMETERS: Readonly<Record<Choosable, string>> = {
  labels: "labels",
  s1: "s1",
  maps: "maps",
  bands: "bands",
  threshold: "mask_threshold",
  layout: "layout"
}

/** @throws DataError where an option is set that the kind has no use for: it would be ignored without a word */
const checkKnown = (path: string, { kind, knows }: ArchiveKind, options: ArchiveOptions): void => {
  const set = (Object.keys(PARAMETERS) as ReadonlyArray<Choosable>).filter((key) => options[key] !== NO_OPTIONS[key])
  const unknown = set.filter((key) => !knows.includes(key)).map((key) => PARAMETERS[key])
  if (unknown.length === 0) return
  const known = knows.map((key) => PARAMETERS[key])
  throw new DataError({
    subject: path,
    problem: `is ${kind}, which has no use for ${unknown.map((name) => `\`${name}\``).join(", ")}`,
    remedy: `Leave it out${known.length === 0 ? "" : `; it knows ${known.join(", ")}`}`
  })
}

const likenessOf = (path: string): ReadonlyArray<ArchiveName> =>
  ARCHIVE_NAMES.filter((name) => KINDS[name].recognises(path))

/** Where a folder holds an archive in place of being one: "but `UCM` in it looks like ucm". */
const within = (path: string): string => {
  for (const name of firstNames(path, "folder").slice().sort()) {
    const kinds = likenessOf(join(path, name))
    if (kinds.length > 0) return `, but \`${name}\` in it looks like ${kinds.join(" or ")}`
  }
  return ""
}

/** @throws DataError where nothing is there, or a file */
const demandFolder = (path: string): void => {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory()) return
  throw new DataError({
    subject: path,
    problem: found === undefined ? "there is no such folder" : "is no folder",
    remedy: "Give the folder that the archive lies in"
  })
}

/** @throws DataError where no kind, or more than one, looks like the folder */
const detectArchive = (path: string): ArchiveName => {
  const found = likenessOf(path)
  if (found.length === 1) return found[0]
  throw new DataError({
    subject: path,
    problem: found.length === 0 ? `looks like no archive that is known${within(path)}` : `may be ${found.join(" or ")}`,
    remedy: `Check the folder, or say what it is with \`kind\`: ${ARCHIVE_NAMES.join(", ")}`
  })
}

/** An archive whose labels have been read, and what kind it is. */
export interface Opened extends OpenArchive {
  readonly kind: ArchiveName
}

/**
 * Opens an archive: its labels are read, no pixels.
 *
 * @param labelsOnly see `ArchiveOptions`
 * @returns rejects with DataError where the folder is no such archive
 */
export const openArchive = async (path: string, choice: ArchiveChoice, labelsOnly = false): Promise<Opened> => {
  demandFolder(path)
  const kind = choice.kind === undefined || choice.kind === AUTO ? detectArchive(path) : choice.kind
  const options = optionsOf(choice, labelsOnly)
  checkKnown(path, KINDS[kind], options)
  return { kind, ...(await KINDS[kind].open(path, options)) }
}

/**
 * Reads the bands of a patch, by the kind of its archive.
 *
 * @returns rejects with DataError naming file and band where one is missing, damaged, or of another size or dtype
 */
export const decodePatch = (reference: PatchRef): Promise<RawPatch> => {
  const kind: ArchiveKind | undefined = KINDS[reference.archive as ArchiveName]
  if (kind === undefined) throw new Error(`no kind of archive is called ${reference.archive}`)
  return kind.decode(reference)
}
