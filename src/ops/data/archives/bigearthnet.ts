/**
 * BigEarthNet v1 as it is unpacked: `FOLDER/NAME/NAME_B01.tif` to `NAME_B12.tif` (12 bands, no B10) and
 * `NAME_labels_metadata.json`; Sentinel-1 patches likewise, in a folder of their own.
 */
import { join, resolve } from "node:path"
import { messageOf } from "../../../pipeline/words.ts"
import type { Band, PatchRef, RawPatch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { S2_BANDS } from "../patches/bands.ts"
import { readBand } from "./shared/band-file.ts"
import { firstNames, holds } from "./shared/glance.ts"
import { inOrder } from "./shared/in-order.ts"
import { type ArchiveKind, rawOf } from "./shared/kind.ts"
import { nomenclatureOf } from "./shared/nomenclatures.ts"
import { listFolder, readArchiveFile } from "./shared/read-file.ts"
import { readSentinel1 } from "./shared/sentinel-1.ts"

const NOMENCLATURE = nomenclatureOf("43")

/** Files of metadata that are read at a time. */
const CONCURRENCY = 16

/**
 * Names of the patches in an archive's folder, in the order of their code units, whatever the file system's order.
 * Files and hidden folders beside them are left out.
 *
 * @returns rejects with DataError where the folder is missing or holds no patch
 */
export const listBigEarthNet = async (folder: string): Promise<ReadonlyArray<string>> => {
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
  const pairs = await inOrder(await listBigEarthNet(folder), CONCURRENCY, async (name) => {
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

/** Where the Sentinel-1 patches are, and which goes with which. */
interface Sentinel1 {
  readonly folder: string
  readonly pairs: ReadonlyMap<string, string>
}

/**
 * Reads the class names of one patch.
 *
 * @returns rejects with DataError where the file is missing, is not JSON, or has no list of labels
 */
export const readReference = async (archive: string, name: string, s1?: Sentinel1): Promise<PatchRef> => {
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
    kind: "reference",
    archive: "bigearthnet",
    name,
    folder: join(archive, name),
    files: s1 === undefined || radar === undefined ? {} : { s1: join(s1.folder, radar), s1Name: radar },
    facts: {},
    labels,
    nomenclature: NOMENCLATURE,
    split: undefined
  }
}

/** Bands of Sentinel-2 in the folder of a patch. */
export const readSentinel2 = async (folder: string, patch: string): Promise<ReadonlyArray<Band>> => {
  const bands: Array<Band> = []
  for (const { name, size } of S2_BANDS) {
    bands.push(await readBand(join(folder, `${patch}_${name}.tif`), { name, size, dtype: "uint16" }))
  }
  return bands
}

/**
 * Reads all 12 bands of a patch at their native sizes, and those of Sentinel-1 where it has them.
 *
 * @returns rejects with DataError naming file and band where one is missing, damaged, or of another size or dtype
 */
export const readBigEarthNet = async (reference: PatchRef): Promise<RawPatch> => {
  const { s1, s1Name } = reference.files
  const bands = await readSentinel2(reference.folder, reference.name)
  return rawOf(reference, s1 === undefined ? bands : [...bands, ...(await readSentinel1(s1, s1Name))])
}

/** BigEarthNet v1 (Sumbul et al. 2019, 2021): 590,326 patches of Sentinel-2, 43 classes of CORINE. */
export const bigearthnet: ArchiveKind = {
  kind: "bigearthnet",
  knows: ["s1"],
  about: "BigEarthNet v1: one folder per patch, with 12 tifs and `NAME_labels_metadata.json`; Sentinel-1 likewise.",
  // Sentinel-1's folder may stand beside the patches.
  recognises: (folder) =>
    firstNames(folder, "folder")
      .slice(0, 3)
      .some((name) => holds(join(folder, name), `${name}_labels_metadata.json`)),
  open: async (folder, { s1 }) => {
    const radar = s1 === undefined ? undefined : resolve(folder, s1)
    const sentinel1 = radar === undefined ? undefined : { folder: radar, pairs: await pairsIn(radar) }
    const names = (await listBigEarthNet(folder)).filter((name) => resolve(folder, name) !== radar)
    return {
      nomenclature: NOMENCLATURE,
      names,
      reference: (name) => readReference(folder, name, sentinel1),
      findings: []
    }
  },
  decode: readBigEarthNet
}
