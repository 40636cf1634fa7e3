/** Opens the archives of every data set, and decodes their patches. Does not import Effect: worker threads load it. */
import { statSync } from "node:fs"
import { join } from "node:path"
import type { Finding, Nomenclature, PatchRef, RawPatch } from "../../elements.ts"
import { MAX_VALUES } from "../../formats/bounds.ts"
import { DataError } from "../../formats/data-error.ts"
import { portable } from "../../formats/portable.ts"
import type { Note } from "../patches/noted.ts"
import type { ArchiveOptions, DataSet, OptionName, PatchEntry, Reader } from "./data-set.ts"
import { DATA_SET_NAMES, DATA_SETS, type DataSetName, dataSetOf } from "./list.ts"
import { firstNames } from "./shared/glance.ts"

/** Value of `kind`: the data set is detected by what the folder holds. */
export const AUTO = "auto"

/** How an archive is to be read, as operators take it. */
export interface ArchiveChoice {
  readonly kind?: DataSetName | typeof AUTO
  readonly labels?: string
  readonly s1?: string
  readonly maps?: string
  readonly mask_threshold?: number
  readonly bands?: ReadonlyArray<string>
  readonly facts?: ReadonlyArray<string>
  readonly layout?: "hwc" | "chw"
  /** Largest number of values of one image; larger ones are refused before they are decoded. */
  readonly max_values?: number
}

const DEFAULTS: ArchiveOptions = {
  labels: undefined,
  s1: undefined,
  maps: undefined,
  threshold: 0,
  bands: undefined,
  facts: undefined,
  layout: "hwc",
  labelsOnly: false
}

const optionsOf = (
  { bands, facts, labels, layout, maps, mask_threshold, s1 }: ArchiveChoice,
  labelsOnly: boolean
): ArchiveOptions => ({
  labels,
  s1,
  maps,
  bands,
  facts,
  threshold: mask_threshold ?? DEFAULTS.threshold,
  layout: layout ?? DEFAULTS.layout,
  labelsOnly
})

/** The parameter that sets each option. */
const PARAMETERS: Readonly<Record<OptionName, string>> = {
  labels: "labels",
  s1: "s1",
  maps: "maps",
  bands: "bands",
  facts: "facts",
  threshold: "mask_threshold",
  layout: "layout"
}

/** @throws DataError if an option is set that the data set does not use: it would be ignored silently */
const checkOptions = (path: string, { name, options: used }: DataSet, options: ArchiveOptions): void => {
  const set = (Object.keys(PARAMETERS) as ReadonlyArray<OptionName>).filter((key) => options[key] !== DEFAULTS[key])
  const unused = set.filter((key) => !used.includes(key)).map((key) => PARAMETERS[key])
  if (unused.length === 0) return
  const usable = used.map((key) => PARAMETERS[key])
  throw new DataError({
    subject: path,
    problem: `is ${name}, which does not use ${unused.map((one) => `\`${one}\``).join(", ")}`,
    remedy: `Omit it${usable.length === 0 ? "" : `; ${name} uses ${usable.join(", ")}`}`
  })
}

const candidates = (path: string): ReadonlyArray<DataSetName> =>
  DATA_SETS.filter(({ recognises }) => recognises(path)).map(({ name }) => name)

/** A hint if one of the folder's own folders is an archive: ", but `UCM` in it looks like ucm". */
const within = (path: string): string => {
  for (const name of firstNames(path, "folder").slice().sort()) {
    const found = candidates(join(path, name))
    if (found.length > 0) return `, but \`${name}\` in it looks like ${found.join(" or ")}`
  }
  return ""
}

/** @throws DataError if the path is missing, or a file that is no archive of this data set, or of any */
const demandArchive = (path: string, kind: DataSetName | undefined): void => {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory()) return
  const whole = kind === undefined ? candidates(path).length > 0 : dataSetOf(kind).recognises(path)
  if (found !== undefined && whole) return
  throw new DataError({
    subject: path,
    problem: found === undefined ? "there is no such folder" : "is not a folder",
    remedy: "Give the folder that holds the archive"
  })
}

/** @throws DataError unless the folder looks like exactly one data set */
const detect = (path: string): DataSetName => {
  const found = candidates(path)
  if (found.length === 1) return found[0]
  throw new DataError({
    subject: path,
    problem:
      found.length === 0 ? `does not look like any known archive${within(path)}` : `may be ${found.join(" or ")}`,
    remedy: `Check the folder, or name its data set with \`kind\`: ${DATA_SET_NAMES.join(", ")}`
  })
}

/** Each loaded once. */
const readers = new Map<string, Promise<Reader>>()

const readerOf = (name: string): Promise<Reader> => {
  const reader = readers.get(name) ?? dataSetOf(name).reader()
  readers.set(name, reader)
  return reader
}

/** An archive whose labels have been read. */
export interface OpenArchive {
  readonly kind: DataSetName
  readonly nomenclature: Nomenclature
  /** Names of all usable patches, in the archive's own order, which does not depend on the file system. */
  readonly names: ReadonlyArray<string>
  /** @returns rejects with DataError if the patch's labels are missing or damaged */
  readonly reference: (name: string) => Promise<PatchRef>
  readonly findings: ReadonlyArray<Finding>
  /**
   * Names of the patches that have files, if opening has not looked for them.
   *
   * @returns rejects with DataError if a folder cannot be listed
   */
  readonly onDisk?: () => Promise<ReadonlyArray<string>>
}

/** A patch of an archive as it flows through pipelines. */
export const referenceOf = (archive: string, nomenclature: Nomenclature, entry: PatchEntry): PatchRef => ({
  kind: "reference",
  archive,
  nomenclature,
  split: undefined,
  ...entry,
  folder: portable(entry.folder)
})

/**
 * Opens an archive: its labels are read, not its pixels.
 *
 * @param labelsOnly see `ArchiveOptions`
 * @returns rejects with DataError if the folder is not such an archive
 */
export const openArchive = async (path: string, choice: ArchiveChoice, labelsOnly = false): Promise<OpenArchive> => {
  const { max_values } = choice
  const named = choice.kind === AUTO ? undefined : choice.kind
  demandArchive(path, named)
  const kind = named ?? detect(path)
  const options = optionsOf(choice, labelsOnly)
  checkOptions(path, dataSetOf(kind), options)
  const { classes, entry, ...rest } = await (await readerOf(kind)).open(path, options)
  const nomenclature: Nomenclature = { name: classes.name, classes: classes.classes }
  const reference = async (name: string): Promise<PatchRef> => {
    const found = referenceOf(kind, nomenclature, await entry(name))
    // The bound travels with the reference, since patches are decoded elsewhere, perhaps in another thread.
    return max_values === undefined ? found : { ...found, facts: { ...found.facts, max_values: String(max_values) } }
  }
  return { kind, nomenclature, ...rest, reference }
}

/**
 * Reads the bands of a patch with the reader of its data set.
 *
 * @param note receives what was unusual about a file that was read nevertheless
 * @returns rejects with DataError naming file and band if one is missing, damaged, too large, or of another size or dtype
 */
export const decodePatch = async (reference: PatchRef, note: Note = () => undefined): Promise<RawPatch> => {
  const { archive, facts, labels, name, nomenclature, split } = reference
  const maxValues = facts.max_values === undefined ? MAX_VALUES : Number(facts.max_values)
  const bands = await (await readerOf(archive)).decode(reference, { maxValues, note })
  return { kind: "raw", name, labels, nomenclature, split, bands }
}
