/** Reads BigEarthNet v2; see `bigearthnet-v2.ts` for its files. */
import { join, resolve } from "node:path"
import type { Split } from "../../../elements.ts"
import { DataError } from "../../../formats/data-error.ts"
import { readBand, readSentinel1, readSentinel2 } from "../bigearthnet/bands.ts"
import { CORINE_19 } from "../bigearthnet/corine-labels.ts"
import type { ArchiveOptions, PatchEntry, Reader } from "../data-set.ts"
import { finding, noImages } from "../shared/findings.ts"
import { holds } from "../shared/glance.ts"
import { listFolder } from "../shared/read-file.ts"
import { readParquet, type Wanted } from "./parquet.ts"

const METADATA = "metadata.parquet"
const S2 = "BigEarthNet-S2"

/** Name of the reference map as a band: CORINE codes, uint16 [120, 120]. */
const REFERENCE_MAP = "reference_map"

const SPLITS: Readonly<Record<string, Split>> = { train: "train", validation: "val", val: "val", test: "test" }

/** Columns without which a table is of no use. The column of Sentinel-1's names joins them if `s1` is asked for. */
const NEEDED = { patch_id: "text", labels: "texts" } as const satisfies Wanted

/** Columns that copies of the table may lack; torchgeo's has no `country`. */
const OPTIONAL = { split: "text", country: "text", s1_name: "text", s2v1_name: "text" } as const satisfies Wanted

/** Facts of a patch, without those whose column is missing. */
const factsOf = (facts: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(facts).filter((fact): fact is [string, string] => fact[1] !== undefined))

/** A name without its last fields: the folder that holds the patch. */
const withoutLast = (name: string, fields: number): string => name.split("_").slice(0, -fields).join("_")

const splitOf = (file: string, name: string, split: string | undefined): Split | undefined => {
  if (split === undefined) return undefined
  if (Object.hasOwn(SPLITS, split)) return SPLITS[split]
  throw new DataError({
    subject: file,
    problem: `puts ${name} into the split "${split}"`,
    remedy: "Splits are train, validation and test: download the file again"
  })
}

/** Folders of a patch that are read besides Sentinel-2's. */
const filesOf = (folder: string, { maps, s1 }: ArchiveOptions, name: string, s1Name: string | undefined) => {
  const within = (path: string) => resolve(folder, path)
  return {
    ...(s1 === undefined || s1Name === undefined
      ? {}
      : { s1: join(within(s1), withoutLast(s1Name, 3), s1Name), s1Name }),
    ...(maps === undefined ? {} : { map: join(within(maps), withoutLast(name, 2), name, `${name}_reference_map.tif`) })
  }
}

/** Reads the bands of Sentinel-2, those of Sentinel-1 and the reference map if they are asked for. */
export const decode: Reader["decode"] = async ({ files: { map, s1, s1Name }, folder, name }) => {
  const bands = [...(await readSentinel2(folder, name))]
  if (s1 !== undefined) bands.push(...(await readSentinel1(s1, s1Name)))
  if (map !== undefined) bands.push(await readBand(map, { name: REFERENCE_MAP, dtype: "uint16", size: 120 }))
  return bands
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

export const open: Reader["open"] = async (folder, options) => {
  const file = resolve(folder, options.labels ?? METADATA)
  const rows = await readParquet(file, NEEDED, OPTIONAL)
  if (options.s1 !== undefined && rows.s1_name === undefined) {
    throw new DataError({
      subject: file,
      problem: "has no column s1_name, so the Sentinel-1 patches are unknown",
      remedy: "Omit `s1`, or take the metadata.parquet of the original release"
    })
  }
  const index = new Map(rows.patch_id.map((name, row) => [name, row]))
  if (index.size < rows.patch_id.length) {
    const twice = rows.patch_id.find((name, row) => index.get(name) !== row)
    throw new DataError({ subject: file, problem: `names ${twice} twice`, remedy: "Get the file anew" })
  }
  const entry = async (name: string): Promise<PatchEntry> => {
    const row = index.get(name)
    if (row === undefined) {
      throw new DataError({
        subject: file,
        problem: `has no patch ${name}`,
        remedy: "Make the splits again; patches with snow or cloud have a table of their own (`labels`)"
      })
    }
    return {
      name,
      folder: join(folder, S2, withoutLast(name, 2), name),
      files: filesOf(folder, options, name, rows.s1_name?.[row]),
      facts: factsOf({ country: rows.country?.[row], s1: rows.s1_name?.[row], s2v1: rows.s2v1_name?.[row] }),
      labels: rows.labels[row],
      split: splitOf(file, name, rows.split?.[row])
    }
  }
  const alone = options.labelsOnly && !holds(folder, S2)
  const unlabelled = rows.patch_id.filter((_, row) => rows.labels[row].length === 0)
  return {
    classes: CORINE_19,
    names: rows.patch_id,
    entry,
    ...(alone ? {} : { onDisk: () => patchFolders(folder) }),
    findings: [
      ...noImages(alone ? rows.patch_id : []),
      ...finding("images have no label", unlabelled, "note", "Reading leaves them out; nothing is to be done")
    ]
  }
}
