/** Reads WebDatasets; see `webdataset.ts` for their files. */
import { join } from "node:path"
import { DataError } from "../../../formats/data-error.ts"
import type { PatchEntry, Reader } from "../data-set.ts"
import { splitOfPart } from "../folder/own-table.ts"
import { bandFacts, decodePacked } from "../folder/reader.ts"
import { ownClasses } from "../shared/class-list.ts"
import { finding } from "../shared/findings.ts"
import { classesOfLabels, namedClasses } from "../shared/own-labels.ts"
import { filesBelow } from "../shared/read-file.ts"
import { type Said, said, samplesOf } from "./samples.ts"
import { membersOf, readMembers } from "./tar.ts"

/** A sample that has been found. */
interface Found extends Said {
  readonly shard: string
  readonly at: number
  readonly size: number
}

const refuse = (subject: string, problem: string, remedy: string): never => {
  throw new DataError({ subject, problem, remedy })
}

const PACKED = /\.(tar\.(gz|bz2|xz|zst)|tgz)$/i

/** The tar files below a folder. A shard that is only there in compressed form cannot be read by position, and is refused. */
const shardsIn = async (folder: string, remedy: string): Promise<ReadonlyArray<string>> => {
  const files = await filesBelow(folder, remedy)
  const shards = files.filter((file) => /\.tar$/i.test(file))
  const packed = files.find((file) => PACKED.test(file) && !shards.includes(file.replace(PACKED, ".tar")))
  if (packed !== undefined)
    refuse(join(folder, packed), "is compressed", "Decompress it to a tar file, or move it to another folder")
  return shards.length > 0 ? shards : refuse(folder, "holds no tar files", remedy)
}

/** All samples by name, in the order of shards and members. */
const foundIn = async (folder: string): Promise<ReadonlyMap<string, Found>> => {
  const remedy = "Give the folder that holds the shards, `*.tar`"
  const found = new Map<string, Found>()
  for (const shard of await shardsIn(folder, remedy)) {
    const path = join(folder, shard)
    const samples = samplesOf(path, await membersOf(path))
    for (const sample of samples) {
      const other = found.get(sample.key)
      if (other !== undefined) {
        refuse(folder, `has two samples ${sample.key}: in ${other.shard} and ${shard}`, "Give each sample its own name")
      }
      const { at, size } = sample.image
      const contents = sample.labels.length === 0 ? [] : await readMembers(path, sample.labels)
      found.set(sample.key, { shard, at, size, ...said(path, sample, contents) })
    }
  }
  return found.size === 0 ? refuse(folder, "has no image (tif, jpg or png) in its shards", remedy) : found
}

export const open: Reader["open"] = async (folder, { bands }) => {
  const found = await foundIn(folder)
  const occurring = [...found.values()].flatMap(({ labels }) => labels)
  const { classes, labelsOf } = classesOfLabels(folder, await namedClasses(folder), occurring)
  const own = bandFacts(bands)
  return {
    classes: ownClasses(classes),
    names: [...found.keys()],
    findings: finding(
      "images have no label",
      [...found].filter(([, { labels }]) => labels.length === 0).map(([name]) => name),
      "note",
      "Reading leaves them out where labels are needed"
    ),
    entry: async (name): Promise<PatchEntry> => {
      const { at, facts, labels, shard, size } =
        found.get(name) ?? refuse(folder, `has no patch ${name}`, "Make the splits again")
      return {
        name,
        folder,
        files: { shard },
        facts: { ...facts, ...own, byte_at: String(at), byte_length: String(size) },
        labels: labelsOf(name, labels),
        split: splitOfPart(shard)
      }
    }
  }
}

export const decode: Reader["decode"] = async (patch, options) => {
  const { facts, files, folder } = patch
  const file = join(folder, files.shard)
  const [bytes] = await readMembers(file, [{ at: Number(facts.byte_at), size: Number(facts.byte_length) }])
  return decodePacked(bytes, file, patch, options)
}
