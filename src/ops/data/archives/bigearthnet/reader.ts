/** Reads BigEarthNet v1; see `bigearthnet.ts` for its files. */
import { existsSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import type { Split } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import { jsonOf } from "../../../formats/text.ts"
import { splitsByStem } from "../../splits/division.ts"
import type { PatchEntry, Reader } from "../data-set.ts"
import { inOrder, listFolder, readArchiveFile } from "../shared/read-file.ts"
import { ORIGINAL_LISTS, readArchiveLists } from "../shared/split-lists.ts"
import { readSentinel1, readSentinel2 } from "./bands.ts"
import { CORINE_43 } from "./corine-labels.ts"
import { metadataFacts } from "./metadata-facts.ts"

/** Files of metadata that are read at a time. */
const CONCURRENCY = 16

const LISTS = { train: "train.csv", val: "val.csv", test: "test.csv" }

/** The split of each patch by the lists in the archive's folder or beside it, where the original has them. */
const splitsOf = (folder: string): ReadonlyMap<string, Split> => {
  const found = [folder, dirname(resolve(folder))]
    .map((one) => join(one, ORIGINAL_LISTS))
    .find((one) => existsSync(one))
  return found === undefined ? new Map() : splitsByStem(readArchiveLists(found, LISTS), (name) => name)
}

/**
 * Names of the patches in an archive's folder, in the order of their code units. Files, hidden folders and the folder of
 * split lists are skipped.
 *
 * @returns rejects with DataError if the folder is missing or holds no patch
 */
export const listPatches = async (folder: string): Promise<ReadonlyArray<string>> => {
  const remedy = "Give the folder that holds one folder per patch"
  const names = (await listFolder(folder, remedy))
    .filter((entry) => entry.folder && entry.name !== ORIGINAL_LISTS)
    .map(({ name }) => name)
  if (names.length === 0) throw new DataError({ subject: folder, problem: "holds no patch folders", remedy })
  return names
}

interface Metadata {
  readonly file: string
  readonly metadata: Readonly<Record<string, unknown>>
}

const readMetadata = async (archive: string, name: string): Promise<Metadata> => {
  const file = join(archive, name, `${name}_labels_metadata.json`)
  const bytes = await readArchiveFile(file, "is missing: the patch has no labels")
  return { file, metadata: Object(jsonOf(bytes, file)) }
}

/** Sentinel-1 patches: their folder, which of them belongs to each Sentinel-2 patch, and those that name none. */
interface Sentinel1 {
  readonly folder: string
  readonly pairs: ReadonlyMap<string, string>
  readonly unpaired: ReadonlyArray<DataError>
}

/** The Sentinel-2 patch that a Sentinel-1 patch belongs to, or why that is unknown. */
const pairOf = async (folder: string, name: string): Promise<readonly [s2: string, s1: string] | DataError> => {
  try {
    const { file, metadata } = await readMetadata(folder, name)
    const s2 = metadata.corresponding_s2_patch
    if (typeof s2 === "string") return [s2, name]
    return new DataError({
      subject: file,
      problem: "does not name its patch of Sentinel-2 (`corresponding_s2_patch`)",
      remedy: "Give the folder of BigEarthNet-S1 patches"
    })
  } catch (cause) {
    if (cause instanceof DataError) return cause
    throw cause
  }
}

/** @returns rejects with DataError if no patch of the folder can be paired */
const openSentinel1 = async (folder: string): Promise<Sentinel1> => {
  const found = await inOrder(await listPatches(folder), CONCURRENCY, (name) => pairOf(folder, name))
  const unpaired = found.filter((one) => one instanceof DataError)
  if (unpaired.length === found.length) throw unpaired[0]
  const pairs = new Map(found.flatMap((one) => (one instanceof DataError ? [] : [one])))
  return { folder, pairs, unpaired }
}

/**
 * Reads the class names of one patch.
 *
 * @returns rejects with DataError if the file is missing, is not JSON, or has no list of labels
 */
export const readEntry = async (archive: string, name: string, s1?: Sentinel1): Promise<PatchEntry> => {
  const { file, metadata } = await readMetadata(archive, name)
  const { labels } = metadata
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string")) {
    throw new DataError({
      subject: file,
      problem: "has no list of class names under `labels`",
      remedy: "Unpack the archive again: the file is damaged"
    })
  }
  const radar = s1?.pairs.get(name)
  if (s1 !== undefined && radar === undefined) {
    const why = s1.unpaired.length === 0 ? "" : `; ${s1.unpaired[0].subject} ${s1.unpaired[0].problem}`
    throw new DataError({
      subject: join(archive, name),
      problem: `has no patch of Sentinel-1 in ${s1.folder}${why}`,
      remedy: "Unpack both archives, or leave out bad patches with `on_bad_patch: skip`"
    })
  }
  return {
    name,
    folder: join(archive, name),
    files: s1 === undefined || radar === undefined ? {} : { s1: join(s1.folder, radar), s1Name: radar },
    facts: metadataFacts(metadata),
    labels
  }
}

export const open: Reader["open"] = async (folder, { s1 }) => {
  const splits = splitsOf(folder)
  const radar = s1 === undefined ? undefined : resolve(folder, s1)
  const sentinel1 = radar === undefined ? undefined : await openSentinel1(radar)
  return {
    classes: CORINE_43,
    names: (await listPatches(folder)).filter((name) => resolve(folder, name) !== radar),
    entry: async (name) => ({ ...(await readEntry(folder, name, sentinel1)), split: splits.get(name) }),
    findings: []
  }
}

/** Reads all 12 bands of a patch at their native sizes, and those of Sentinel-1 if it has them. */
export const decode: Reader["decode"] = async ({ files: { s1, s1Name }, folder, name }) => {
  const bands = await readSentinel2(folder, name)
  return s1 === undefined ? bands : [...bands, ...(await readSentinel1(s1, s1Name))]
}
