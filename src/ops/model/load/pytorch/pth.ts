/** Reads PyTorch's `.pth` files in their three formats. Tensors are read on demand. */
import { ZipFault, type ZipMember, zipMembers } from "../../../formats/zip.ts"
import { FileFault, type Source, shortName, viewOf } from "../source.ts"
import type { StoredTensor } from "../values.ts"
import { storedTensor } from "../values.ts"
import { readPickle } from "./pickle.ts"
import type { Dict } from "./pickle-machine.ts"
import { isTar, readTar } from "./tar.ts"
import { bytesOf, PickledTensor, type Pth, type Storage, torchObjects, torchScript } from "./torch-objects.ts"

/** Largest pickle, in bytes. It describes all tensors; their values are elsewhere. */
const MOST_PICKLE = 256 * 2 ** 20
/** First number of legacy files. */
const MAGIC = 0x1950a86a20f9469cfc6cn
const LEGACY_PROTOCOL = 1001

const pickleBytes = (source: Source, at: number, size: number): Uint8Array<ArrayBuffer> => {
  if (size > MOST_PICKLE) throw new FileFault(`has a pickle of ${size} bytes, more than weights need`)
  return source.read(at, size)
}

/** @throws FileFault for a member that is compressed or encrypted */
const stored = (member: ZipMember): ZipMember => {
  const { encrypted, method, name, packed, size } = member
  if (!encrypted && method === 0 && packed === size) return member
  throw new FileFault(`holds a compressed or encrypted member ${shortName(name)}, which PyTorch does not write`)
}

/** The members of an archive by name. PyTorch stores values uncompressed, so no value can be larger than the file. */
const membersOf = (source: Source): ReadonlyMap<string, ZipMember> => {
  try {
    return new Map(zipMembers(source).map((member) => [member.name, member]))
  } catch (cause) {
    throw cause instanceof ZipFault ? new FileFault(cause.message) : cause
  }
}

/** Reads storages, each of which is a member of the archive. */
const memberReader =
  (source: Source, members: ReadonlyMap<string, ZipMember>, stem: string): Pth["storage"] =>
  (storage, from, length) => {
    const member = members.get(`${stem}data/${storage.key}`)
    if (member === undefined) throw new FileFault(`lacks its storage ${shortName(storage.key)}`)
    const { at, size } = stored(member)
    const needed = bytesOf(storage)
    if (size < needed) {
      throw new FileFault(`says that storage ${shortName(storage.key)} has ${needed} bytes, but it has ${size}`)
    }
    return source.read(at + from, length)
  }

const zipped = (source: Source): Pth => {
  const members = membersOf(source)
  const pickle = [...members.keys()].find((name) => /^[^/]*\/data\.pkl$/.test(name))
  const place = pickle === undefined ? undefined : members.get(pickle)
  if (pickle === undefined || place === undefined) throw new FileFault("is a zip archive without data.pkl, not weights")
  const stem = pickle.slice(0, -"data.pkl".length)
  if (members.has(`${stem}constants.pkl`)) throw torchScript()
  const order = members.get(`${stem}byteorder`)
  if (order !== undefined && new TextDecoder().decode(source.read(order.at, Math.min(order.size, 16))) !== "little") {
    throw new FileFault("has numbers in big-endian order")
  }
  const { at, size } = stored(place)
  const { value } = readPickle(pickleBytes(source, at, size), 0, torchObjects())
  return { value, storage: memberReader(source, members, stem) }
}

/** The legacy format: magic number, protocol, system, object, keys of storages; then per storage its number of values and its bytes. */
const legacy = (source: Source): Pth => {
  const bytes = pickleBytes(source, 0, Math.min(source.size, MOST_PICKLE))
  const described = new Map<string, Storage>()
  const objects = torchObjects((storage) => described.set(storage.key, storage))
  let at = 0
  const next = (): unknown => {
    const { value, end } = readPickle(bytes, at, objects)
    at = end
    return value
  }
  if (next() !== MAGIC || next() !== LEGACY_PROTOCOL) throw new FileFault("is not a PyTorch file")
  const system = next()
  if (system instanceof Map && system.get("little_endian") === false) {
    throw new FileFault("has numbers in big-endian order")
  }
  const value = next()
  const keys = next()
  const places = new Map<string, number>()
  for (const key of Array.isArray(keys) ? keys : []) {
    const storage = described.get(key)
    if (storage === undefined) throw new FileFault("holds a storage that no tensor uses")
    const count = Number(viewOf(source.read(at, 8)).getBigInt64(0, true))
    if (count !== storage.count)
      throw new FileFault(`says that storage ${shortName(key)} has ${storage.count} values, but it has ${count}`)
    places.set(key, at + 8)
    at += 8 + bytesOf(storage)
  }
  return {
    value,
    storage: (storage, from, length) => {
      const place = places.get(storage.key)
      if (place === undefined) throw new FileFault(`lacks its storage ${shortName(storage.key)}`)
      return source.read(place + from, length)
    }
  }
}

/** @throws FileFault */
export const readPth = (source: Source): Pth => {
  const head = source.read(0, Math.min(4, source.size))
  if (head[0] === 0x50 && head[1] === 0x4b) return zipped(source)
  return isTar(source) ? readTar(source) : legacy(source)
}

/** Keys under which training programs keep a state dict, in the order in which they are tried. */
const WRAPPERS = ["model_state_dict", "state_dict", "model", "model_state", "network", "net"]

const isDict = (value: unknown): value is Dict => value instanceof Map

const tensorsOf = (dict: Dict): ReadonlyArray<readonly [string, PickledTensor]> =>
  [...dict].flatMap(([name, value]) =>
    typeof name === "string" && value instanceof PickledTensor ? [[name, value] as const] : []
  )

/** A state dict of a file, and its key. */
export interface StateDict {
  readonly tensors: ReadonlyArray<StoredTensor>
  /** Its key in the file, such as `state_dict`; `undefined` if the state dict is the whole file. */
  readonly key: string | undefined
  /** Keys of the other state dicts that the file holds. */
  readonly others: ReadonlyArray<string>
}

const keysOf = (dict: Dict): string => {
  const keys = [...dict.keys()].filter((key) => typeof key === "string").slice(0, 8)
  return keys.length > 0 ? `its keys are ${keys.map(shortName).join(", ")}` : "it has no keys that are texts"
}

/** The dict under a key, or under nested keys that are joined by dots. @throws FileFault */
const under = (dict: Dict, key: string): Dict => {
  const direct = dict.get(key)
  if (isDict(direct)) return direct
  const [first, ...rest] = key.split(".")
  const inner = dict.get(first)
  if (isDict(inner) && rest.length > 0) return under(inner, rest.join("."))
  throw new FileFault(`holds no dict under the key ${shortName(key)}: ${keysOf(dict)}`, "Set `key` to one of its keys")
}

/** The dict under a customary key, or the whole dict. A checkpoint may be nested: its state dict lies under `model`, for example. */
const customary = (whole: Dict): readonly [string | undefined, Dict] => {
  const path: Array<string> = []
  let dict = whole
  for (let depth = 0; depth < 2; depth++) {
    const key = WRAPPERS.find((name) => isDict(dict.get(name)))
    if (key === undefined) break
    path.push(key)
    dict = dict.get(key) as Dict
  }
  return [path.length === 0 ? undefined : path.join("."), dict]
}

/** Other keys whose dicts hold at least half as many tensors as the chosen one: further copies of the weights. */
const othersOf = (whole: Dict, key: string | undefined, count: number): ReadonlyArray<string> =>
  [...whole].flatMap(([name, value]) => {
    const other = typeof name === "string" && name !== key && !key?.startsWith(`${name}.`) && isDict(value)
    return other && 2 * tensorsOf(customary(value)[1]).length >= count ? [name] : []
  })

/**
 * The state dict of a file: under `key`, or else under a customary key, or the whole object.
 *
 * @throws FileFault if there is none
 */
export const stateDict = ({ value, storage }: Pth, key?: string): StateDict => {
  if (!isDict(value)) throw new FileFault("holds no state dict")
  const [found, dict] = key === undefined ? customary(value) : ([key, under(value, key)] as const)
  const tensors = tensorsOf(dict)
  if (tensors.length === 0) {
    throw new FileFault(
      `holds no state dict: ${keysOf(key === undefined ? value : dict)}`,
      "Give the file as `{ file: FILE, key: KEY }` with the key of the weights, or give another file"
    )
  }
  return {
    key: found,
    others: othersOf(value, found, tensors.length),
    tensors: tensors.map(([name, { negated, storage: from, strided }]) =>
      storedTensor(name, from.type, strided, (at, length) => storage(from, at, length), negated)
    )
  }
}
