/**
 * BigEarthNet v1 as it is unpacked: `FOLDER/NAME/NAME_B01.tif` to `NAME_B12.tif` (12 bands, no B10) and
 * `NAME_labels_metadata.json`.
 */
import { join } from "node:path"
import type { Band, PatchRef, RawPatch } from "../../elements.ts"
import { type BandInfo, S2_BANDS } from "../bands.ts"
import { DataError } from "../faults.ts"
import { decodeTiff } from "../geotiff-read.ts"
import { nomenclatureOf } from "../nomenclatures.ts"
import { type ArchiveKind, rawOf } from "./kind.ts"
import { listFolder, messageOf, readArchiveFile } from "./read-file.ts"

/** BigEarthNet's pixels. */
const DTYPE = "uint16"

const NOMENCLATURE = nomenclatureOf("43")

/**
 * Names of the patches in an archive's folder, in the order of their code units, whatever the file system's order.
 * Files and hidden folders beside them are left out.
 *
 * @returns rejects with DataError where the folder is missing or holds no patch
 */
export const listBigEarthNet = async (folder: string): Promise<ReadonlyArray<string>> => {
  const remedy = "Give the folder that holds one folder per patch"
  const names = (await listFolder(folder, remedy)).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  if (names.length === 0) throw new DataError({ subject: folder, problem: "holds no patch folders", remedy })
  return names
}

/**
 * Reads the class names of one patch.
 *
 * @returns rejects with DataError where the file is missing, is not JSON, or has no list of labels
 */
export const readReference = async (archive: string, name: string): Promise<PatchRef> => {
  const folder = join(archive, name)
  const file = join(folder, `${name}_labels_metadata.json`)
  const text = (await readArchiveFile(file, "is missing: the patch has no labels")).toString("utf8")
  const wrong = (problem: string, cause?: unknown) =>
    new DataError({ subject: file, problem, remedy: "Unpack the archive again: the file is damaged", cause })
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw wrong(`is not JSON (${messageOf(cause)})`, cause)
  }
  const labels = (parsed as { readonly labels?: unknown } | null)?.labels
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string")) {
    throw wrong("has no list of class names under `labels`")
  }
  return {
    kind: "reference",
    archive: "bigearthnet",
    name,
    folder,
    files: {},
    facts: {},
    labels,
    nomenclature: NOMENCLATURE,
    split: undefined
  }
}

const readBand = async (folder: string, patch: string, { name, size }: BandInfo): Promise<Band> => {
  const file = join(folder, `${patch}_${name}.tif`)
  const band = await decodeTiff(await readArchiveFile(file, `is missing: band ${name} of the patch`), file)
  const expected = `${DTYPE} ${size} x ${size}`
  const found = `${band.dtype} ${band.height} x ${band.width}`
  if (found !== expected) {
    throw new DataError({
      subject: file,
      problem: `has band ${name} as ${found}, expected ${expected}`,
      remedy: "Unpack the archive again: the file is not of BigEarthNet"
    })
  }
  return { name, ...band }
}

/**
 * Reads all 12 bands of a patch at their native sizes.
 *
 * @returns rejects with DataError naming file and band where one is missing, damaged, or of another size or dtype
 */
export const readBigEarthNet = async (reference: PatchRef): Promise<RawPatch> => {
  const bands: Array<Band> = []
  for (const band of S2_BANDS) bands.push(await readBand(reference.folder, reference.name, band))
  return rawOf(reference, bands)
}

/** BigEarthNet v1 (Sumbul et al. 2019): 590,326 patches of Sentinel-2, 43 classes of CORINE. */
export const bigearthnet: ArchiveKind = {
  kind: "bigearthnet",
  about: "BigEarthNet v1: one folder per patch, with 12 tifs and `NAME_labels_metadata.json`.",
  open: async (folder) => ({
    nomenclature: NOMENCLATURE,
    names: await listBigEarthNet(folder),
    reference: (name) => readReference(folder, name),
    findings: []
  }),
  decode: readBigEarthNet
}
