/**
 * BigEarthNet v2 (reBEN) as it is unpacked: `metadata.parquet`, `BigEarthNet-S2/TILE/NAME/NAME_B01.tif` and so on,
 * `BigEarthNet-S1/SCENE/NAME/NAME_VV.tif`, `Reference_Maps/TILE/NAME/NAME_reference_map.tif`.
 */
import { join, resolve } from "node:path"
import type { PatchRef, RawPatch, Split } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { readSentinel2 } from "./bigearthnet.ts"
import { readBand } from "./shared/band-file.ts"
import { holds, holdsAny } from "./shared/glance.ts"
import { type ArchiveKind, type ArchiveOptions, finding, rawOf, standAlone } from "./shared/kind.ts"
import { nomenclatureOf } from "./shared/nomenclatures.ts"
import { type Column, readParquet } from "./shared/parquet.ts"
import { listFolder } from "./shared/read-file.ts"
import { readSentinel1 } from "./shared/sentinel-1.ts"

const NOMENCLATURE = nomenclatureOf("19")
const METADATA = "metadata.parquet"
const S2 = "BigEarthNet-S2"
/** The name of the reference map as a band: CORINE codes, uint16 [120, 120]. */
const REFERENCE_MAP = "reference_map"

const SPLITS: Readonly<Record<string, Split>> = { train: "train", validation: "val", val: "val", test: "test" }

const COLUMNS = {
  patch_id: "text",
  labels: "texts",
  split: "text",
  country: "text",
  s1_name: "text",
  s2v1_name: "text"
} as const satisfies Readonly<Record<string, Column>>

/** A name without its last so many fields: the folder that a patch lies in. */
const withoutLast = (name: string, fields: number): string => name.split("_").slice(0, -fields).join("_")

const splitOf = (file: string, name: string, split: string): Split => {
  if (Object.hasOwn(SPLITS, split)) return SPLITS[split]
  throw new DataError({
    subject: file,
    problem: `puts ${name} into the split "${split}"`,
    remedy: "Splits are train, validation and test: get the file anew"
  })
}

/** Folders of a patch that are read besides Sentinel-2's. */
const filesOf = (folder: string, { maps, s1 }: ArchiveOptions, name: string, s1Name: string) => {
  const within = (path: string) => resolve(folder, path)
  return {
    ...(s1 === undefined ? {} : { s1: join(within(s1), withoutLast(s1Name, 3), s1Name), s1Name }),
    ...(maps === undefined ? {} : { map: join(within(maps), withoutLast(name, 2), name, `${name}_reference_map.tif`) })
  }
}

const decode = async (reference: PatchRef): Promise<RawPatch> => {
  const { map, s1, s1Name } = reference.files
  const bands = [...(await readSentinel2(reference.folder, reference.name))]
  if (s1 !== undefined) bands.push(...(await readSentinel1(s1, s1Name)))
  if (map !== undefined) bands.push(await readBand(map, { name: REFERENCE_MAP, dtype: "uint16", size: 120 }))
  return rawOf(reference, bands)
}

/** Names of the folders of patches, tile by tile. */
const patchFolders = async (folder: string): Promise<ReadonlyArray<string>> => {
  const remedy = `Unpack ${S2} there`
  const names: Array<string> = []
  for (const tile of await listFolder(join(folder, S2), remedy)) {
    if (!tile.folder) continue
    for (const patch of await listFolder(join(folder, S2, tile.name), remedy)) {
      if (patch.folder) names.push(patch.name)
    }
  }
  return names
}

/** BigEarthNet v2 (Clasen et al. 2024): 480,038 pairs of patches, 19 classes, splits by geography. */
export const bigearthnetV2: ArchiveKind = {
  kind: "bigearthnet-v2",
  knows: ["labels", "s1", "maps"],
  about:
    "BigEarthNet v2 (reBEN): `metadata.parquet`, `BigEarthNet-S2/`; `BigEarthNet-S1/` and `Reference_Maps/` if asked.",
  recognises: (folder) => holds(folder, METADATA) || holdsAny(folder, S2),
  open: async (folder, options) => {
    const file = resolve(folder, options.labels ?? METADATA)
    const rows = await readParquet(file, COLUMNS)
    const index = new Map(rows.patch_id.map((name, row) => [name, row]))
    if (index.size < rows.patch_id.length) {
      const twice = rows.patch_id.find((name, row) => index.get(name) !== row)
      throw new DataError({ subject: file, problem: `names ${twice} twice`, remedy: "Get the file anew" })
    }
    const reference = async (name: string): Promise<PatchRef> => {
      const row = index.get(name)
      if (row === undefined) {
        throw new DataError({
          subject: file,
          problem: `has no patch ${name}`,
          remedy: "Make the splits anew; patches with snow or cloud stand in a file of their own (`labels`)"
        })
      }
      return {
        kind: "reference",
        archive: "bigearthnet-v2",
        name,
        folder: join(folder, S2, withoutLast(name, 2), name),
        files: filesOf(folder, options, name, rows.s1_name[row]),
        facts: { country: rows.country[row], s1: rows.s1_name[row], s2v1: rows.s2v1_name[row] },
        labels: rows.labels[row],
        nomenclature: NOMENCLATURE,
        split: splitOf(file, name, rows.split[row])
      }
    }
    const alone = options.labelsOnly && !holds(folder, S2)
    const unlabelled = rows.patch_id.filter((_, row) => rows.labels[row].length === 0)
    return {
      nomenclature: NOMENCLATURE,
      names: rows.patch_id,
      reference,
      ...(alone ? {} : { onDisk: () => patchFolders(folder) }),
      findings: [
        ...standAlone(alone ? rows.patch_id : []),
        ...finding("images have no label", unlabelled, "note", "Reading leaves them out; nothing is to be done")
      ]
    }
  },
  decode
}
