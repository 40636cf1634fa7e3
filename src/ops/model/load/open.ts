/** Opens a file of weights, whatever its format. */
import { readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { type FileFacts, factsOfMetadata, factsOfPth, noFacts } from "./facts.ts"
import { fileSource } from "./file-source.ts"
import { readPth, type StateDict, stateDict } from "./pytorch/pth.ts"
import { readSafetensors } from "./safetensors.ts"
import { FileFault, ShardFault, type Source } from "./source.ts"
import type { StoredTensor } from "./values.ts"

/** A file of weights; arrays are read while it is open. */
export interface WeightFile {
  readonly tensors: ReadonlyArray<StoredTensor>
  readonly facts: FileFacts
  /** Position of the weights in a PyTorch file that holds several state dicts or other things. */
  readonly dict?: Pick<StateDict, "key" | "others">
  readonly close: () => void
}

/** Largest index of shards, in bytes. */
const MOST_INDEX = 100e6

/** Runs `body`; its errors name the shard, not the index. */
const blaming = <A>(shard: string, body: () => A): A => {
  try {
    return body()
  } catch (cause) {
    throw new ShardFault(shard, cause)
  }
}

/** The arrays of a shard, by name. */
const shardOf = (path: string, source: Source) => {
  const { metadata, tensors } = blaming(path, () => readSafetensors(source))
  const blamed = tensors.map((tensor): readonly [string, StoredTensor] => [
    tensor.name,
    {
      ...tensor,
      values: () => blaming(path, tensor.values),
      floats: () => blaming(path, tensor.floats)
    }
  ])
  return { metadata, tensors: new Map(blamed) }
}

/** Opens several files by their index `model.safetensors.index.json`: `{ weight_map: { NAME: FILE } }`. */
const openShards = (path: string): WeightFile => {
  let map: unknown
  try {
    const text = readFileSync(path, "utf8")
    if (text.length > MOST_INDEX) throw new FileFault("is too large for an index")
    map = (JSON.parse(text) as { weight_map?: unknown }).weight_map
  } catch (fault) {
    if (fault instanceof SyntaxError) throw new FileFault("is not JSON")
    throw fault
  }
  const files = typeof map === "object" && map !== null ? Object.entries(map) : []
  if (files.length === 0) throw new FileFault("has no `weight_map` from names of arrays to files")
  const sources = new Map<string, Source>()
  const close = () => {
    for (const source of sources.values()) source.close()
  }
  try {
    const shards = new Map<string, ReadonlyMap<string, StoredTensor>>()
    let facts = noFacts
    for (const file of new Set(files.map(([, one]) => one))) {
      if (typeof file !== "string" || basename(file) !== file)
        throw new FileFault("names a shard outside of its folder")
      const shard = join(dirname(path), file)
      const source = blaming(shard, () => fileSource(shard))
      sources.set(file, source)
      const { metadata, tensors } = shardOf(shard, source)
      shards.set(file, tensors)
      if (facts === noFacts) facts = factsOfMetadata(metadata)
    }
    const tensors = files.map(([name, file]) => {
      const tensor = shards.get(file)?.get(name)
      if (tensor === undefined) throw new FileFault(`says that ${file} holds ${name}, which it does not`)
      return tensor
    })
    return { tensors, facts, close }
  } catch (fault) {
    close()
    throw fault
  }
}

/** Whether a file begins like safetensors: eight bytes of length, then a JSON object. */
const looksLikeSafetensors = (source: Source): boolean => source.size > 8 && source.read(8, 1)[0] === 0x7b

/**
 * Opens `.safetensors`, an index of shards, or a PyTorch file. The content decides between the formats, not the name; only an
 * index is recognised by its name, which ends in `.json`.
 *
 * @param key of the state dict in a PyTorch file; by default a customary one, such as `state_dict`
 * @throws FileFault or an error of the file system; ShardFault if a shard is at fault
 */
export const openWeightFile = (path: string, key?: string): WeightFile => {
  const noKeys = () => {
    if (key !== undefined) throw new FileFault("is not a PyTorch file, so it has no keys", "Omit `key`")
  }
  if (path.endsWith(".json")) {
    noKeys()
    return openShards(path)
  }
  const source = fileSource(path)
  try {
    if (looksLikeSafetensors(source)) {
      noKeys()
      const { metadata, tensors } = readSafetensors(source)
      return { tensors, facts: factsOfMetadata(metadata), close: source.close }
    }
    const pth = readPth(source)
    const { tensors, ...dict } = stateDict(pth, key)
    return { tensors, dict, facts: factsOfPth(pth), close: source.close }
  } catch (fault) {
    source.close()
    throw fault
  }
}
