/** Reads BigEarthNet v1; see `bigearthnet.ts` for its files. */
import { join, resolve } from "node:path"
import { messageOf } from "../../../../pipeline/words.ts"
import { DataError } from "../../../formats/data-error.ts"
import type { PatchEntry, Reader } from "../data-set.ts"
import { inOrder, listFolder, readArchiveFile } from "../shared/read-file.ts"
import { readSentinel1, readSentinel2 } from "./bands.ts"
import { CORINE_43 } from "./corine-labels.ts"

/** Files of metadata that are read at a time. */
const CONCURRENCY = 16

/**
 * Names of the patches in an archive's folder, in the order of their code units, whatever the file system's order.
 * Files and hidden folders beside them are left out.
 *
 * @returns rejects with DataError where the folder is missing or holds no patch
 */
export const listPatches = async (folder: string): Promise<ReadonlyArray<string>> => {
  const remedy = "Give the folder that holds one folder per patch"
  const names = (await listFolder(folder, remedy)).filter((entry) => entry.folder).map(({ name }) => name)
  if (names.length === 0) throw new DataError({ subject: folder, problem: "holds no patch folders", remedy })
  return names
}

const readMetadata = async (
  archive: string,
  name: string
): Promise<{ readonly file: string; readonly metadata: Readonly<Record<string, unknown>> }> => {
  const file = join(archive, name, `${name}_labels_metadata.json`)
  const text = (await readArchiveFile(file, "is missing: the patch has no labels")).toString("utf8")
  try {
    return { file, metadata: Object(JSON.parse(text)) }
  } catch (cause) {
    throw new DataError({
      subject: file,
      problem: `is not JSON (${messageOf(cause)})`,
      remedy: "Unpack the archive again: the file is damaged",
      cause
    })
  }
}

/** The patch of Sentinel-2 that each of Sentinel-1 goes with, as its metadata say. */
const pairsIn = async (folder: string): Promise<ReadonlyMap<string, string>> => {
  const pairs = await inOrder(await listPatches(folder), CONCURRENCY, async (name) => {
    const { file, metadata } = await readMetadata(folder, name)
    const s2 = metadata.corresponding_s2_patch
    if (typeof s2 === "string") return [s2, name] as const
    throw new DataError({
      subject: file,
      problem: "does not name its patch of Sentinel-2 (`corresponding_s2_patch`)",
      remedy: "Give the folder of BigEarthNet-S1 patches"
    })
  })
  return new Map(pairs)
}

/** Where the Sentinel-1 patches are, and which of them belongs to each Sentinel-2 patch. */
interface Sentinel1 {
  readonly folder: string
  readonly pairs: ReadonlyMap<string, string>
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
    throw new DataError({
      subject: join(archive, name),
      problem: `has no patch of Sentinel-1 in ${s1.folder}`,
      remedy: "Unpack both archives, or leave out bad patches with `on_bad_patch: skip`"
    })
  }
  return {
    name,
    folder: join(archive, name),
    files: s1 === undefined || radar === undefined ? {} : { s1: join(s1.folder, radar), s1Name: radar },
    facts: {},
    labels
  }
}

export const open: Reader["open"] = async (folder, { s1 }) => {
  const radar = s1 === undefined ? undefined : resolve(folder, s1)
  const sentinel1 = radar === undefined ? undefined : { folder: radar, pairs: await pairsIn(radar) }
  return {
    classes: CORINE_43,
    names: (await listPatches(folder)).filter((name) => resolve(folder, name) !== radar),
    entry: (name) => readEntry(folder, name, sentinel1),
    findings: []
  }
}

/** Reads all 12 bands of a patch at their native sizes, and those of Sentinel-1 if it has them. */
export const decode: Reader["decode"] = async ({ files: { s1, s1Name }, folder, name }) => {
  const bands = await readSentinel2(folder, name)
  return s1 === undefined ? bands : [...bands, ...(await readSentinel1(s1, s1Name))]
}
