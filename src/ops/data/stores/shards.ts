/** Writes patches in shards of safetensors, with an index that names the shard of each tensor. */
import { readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { GrowingFile, writeFileAtomic } from "../../formats/files.ts"
import { decodeSafetensors, type Safetensors } from "../../formats/safetensors/read.ts"
import { encodeSafetensors } from "../../formats/safetensors/write.ts"

/** A patch as a store holds it. */
export interface Value {
  readonly name: string
  readonly bytes: Uint8Array
}

const INDEX = "patches.safetensors.index.json"
const SHARD = /^patches-\d{5,}\.safetensors$/

/** The name has no total, because bad patches may be left out. */
const shardName = (shard: number): string => `patches-${String(shard).padStart(5, "0")}.safetensors`

/** Tensors and metadata of many patches under `PATCH/BAND` and `PATCH/KEY`. */
const joined = (values: ReadonlyArray<Value>): Safetensors => {
  const tensors: Array<Safetensors["tensors"][number]> = []
  const metadata: Record<string, string> = {}
  for (const { bytes, name } of values) {
    const value = decodeSafetensors(bytes, name)
    for (const tensor of value.tensors) tensors.push({ ...tensor, name: `${name}/${tensor.name}` })
    for (const [key, text] of Object.entries(value.metadata)) metadata[`${name}/${key}`] = text
  }
  return { tensors, metadata }
}

/**
 * Writes `patches-00001.safetensors`, …, and at the end the index, in the usual form of sharded safetensors. The index of an
 * earlier export is removed first, its surplus shards last: an export without an index is not whole. The index of a whole
 * archive is longer than a string can be, so it is written piece by piece, shard by shard.
 *
 * Methods throw what the file system throws, and DataError if two tensors have one name.
 */
export class Shards {
  readonly index: string
  private readonly folder: string
  private readonly growing: GrowingFile
  private readonly written = new Set<string>()
  private tensors = 0

  /** @param folder is made */
  constructor(folder: string) {
    this.folder = folder
    this.index = join(folder, INDEX)
    rmSync(this.index, { force: true })
    this.growing = new GrowingFile(this.index)
    this.growing.append(Buffer.from('{"metadata": {}, "weight_map": {'))
  }

  private get name(): string {
    return shardName(this.written.size + 1)
  }

  /** The path of the next shard. */
  get next(): string {
    return join(this.folder, this.name)
  }

  write(values: ReadonlyArray<Value>): void {
    const { metadata, tensors } = joined(values)
    const { name } = this
    writeFileAtomic(this.next, encodeSafetensors(tensors, metadata))
    const lines = tensors.map((tensor) => `${this.tensors++ > 0 ? "," : ""}\n${JSON.stringify(tensor.name)}: "${name}"`)
    this.growing.append(Buffer.from(lines.join("")))
    this.written.add(name)
  }

  finish(): void {
    this.growing.append(Buffer.from("\n}}\n"))
    this.growing.complete()
    for (const name of readdirSync(this.folder)) {
      if (SHARD.test(name) && !this.written.has(name)) rmSync(join(this.folder, name))
    }
    this.growing.rename()
  }

  /** Removes an unfinished index; does nothing after `finish`. */
  abandon(): void {
    this.growing.abandon()
  }
}
