/** PyTorch's `.pth` files, in both formats: what they hold, with tensors read when they are wanted. */

import { ZipFault, type ZipMember, zipMembers } from "../../../formats/zip.ts"
import { FileFault, printable, type Source, viewOf } from "../source.ts"
import { type StoredTensor, storedTensor } from "../values.ts"
import { readPickle } from "./pickle.ts"
import type { Dict } from "./pickle-machine.ts"
import { bytesOf, PickledTensor, type Storage, torchObjects } from "./torch-objects.ts"

/** Of the description of all tensors; weights stand elsewhere. */
const MOST_PICKLE = 256 * 2 ** 20
/** What legacy files begin with. */
const MAGIC = 0x1950a86a20f9469cfc6cn
const LEGACY_PROTOCOL = 1001

/** A file's object, and a reader of the bytes of its storages. */
export interface Pth {
  readonly value: unknown
  /** A copy of `length` bytes of a storage, `from` its byte on. @throws FileFault */
  readonly storage: (storage: Storage, from: number, length: number) => Uint8Array<ArrayBuffer>
}

const pickleBytes = (source: Source, at: number, size: number): Uint8Array<ArrayBuffer> => {
  if (size > MOST_PICKLE) throw new FileFault(`has a pickle of ${size} bytes, more than weights need`)
  return source.read(at, size)
}

/** The members of an archive by name. PyTorch stores them as they are, so that nothing can grow while it is read. */
const storedMembers = (source: Source): ReadonlyMap<string, ZipMember> => {
  try {
    const members = zipMembers(source)
    const odd = members.find(({ encrypted, method, packed, size }) => encrypted || method !== 0 || packed !== size)
    if (odd === undefined) return new Map(members.map((member) => [member.name, member]))
    throw new FileFault(`holds a compressed or encrypted member ${printable(odd.name)}, which PyTorch does not write`)
  } catch (cause) {
    throw cause instanceof ZipFault ? new FileFault(cause.message) : cause
  }
}

const zipped = (source: Source): Pth => {
  const members = storedMembers(source)
  const pickle = [...members.keys()].find((name) => /^[^/]*\/data\.pkl$/.test(name))
  const place = pickle === undefined ? undefined : members.get(pickle)
  if (pickle === undefined || place === undefined) throw new FileFault("is a zip archive without data.pkl, not weights")
  const stem = pickle.slice(0, -"data.pkl".length)
  const order = members.get(`${stem}byteorder`)
  if (order !== undefined && new TextDecoder().decode(source.read(order.at, Math.min(order.size, 16))) !== "little") {
    throw new FileFault("has numbers in big-endian order")
  }
  const { value } = readPickle(pickleBytes(source, place.at, place.size), 0, torchObjects)
  return {
    value,
    storage: (storage, from, length) => {
      const member = members.get(`${stem}data/${storage.key}`)
      if (member === undefined) throw new FileFault(`lacks its storage ${printable(storage.key)}`)
      const needed = bytesOf(storage)
      if (member.size < needed) {
        throw new FileFault(
          `says that storage ${printable(storage.key)} has ${needed} bytes, but it has ${member.size}`
        )
      }
      return source.read(member.at + from, length)
    }
  }
}

/** Storages that a value mentions. */
const storagesIn = (value: unknown, found = new Map<string, Storage>(), seen = new Set<unknown>()) => {
  const waiting = [value]
  while (waiting.length > 0) {
    const one = waiting.pop()
    if (typeof one !== "object" || one === null || seen.has(one)) continue
    seen.add(one)
    if (one instanceof PickledTensor) found.set(one.storage.key, one.storage)
    else if (one instanceof Map) for (const item of one.values()) waiting.push(item)
    else if (Array.isArray(one)) for (const item of one) waiting.push(item)
  }
  return found
}

/** Magic number, protocol, system, the object, keys of storages; then each storage: its number of values, its bytes. */
const legacy = (source: Source): Pth => {
  const bytes = pickleBytes(source, 0, Math.min(source.size, MOST_PICKLE))
  let at = 0
  const next = (): unknown => {
    const { value, end } = readPickle(bytes, at, torchObjects)
    at = end
    return value
  }
  if (next() !== MAGIC || next() !== LEGACY_PROTOCOL) throw new FileFault("is no PyTorch file")
  const system = next()
  if (system instanceof Map && system.get("little_endian") === false) {
    throw new FileFault("has numbers in big-endian order")
  }
  const value = next()
  const keys = next()
  const described = storagesIn(value)
  const places = new Map<string, number>()
  for (const key of Array.isArray(keys) ? keys : []) {
    const storage = described.get(key)
    if (storage === undefined) throw new FileFault("holds a storage that no tensor uses")
    const count = Number(viewOf(source.read(at, 8)).getBigInt64(0, true))
    if (count !== storage.count)
      throw new FileFault(`says that storage ${printable(key)} has ${storage.count} values, but it has ${count}`)
    places.set(key, at + 8)
    at += 8 + bytesOf(storage)
  }
  return {
    value,
    storage: (storage, from, length) => {
      const place = places.get(storage.key)
      if (place === undefined) throw new FileFault(`lacks its storage ${printable(storage.key)}`)
      return source.read(place + from, length)
    }
  }
}

/** @throws FileFault */
export const readPth = (source: Source): Pth => {
  const head = source.read(0, Math.min(4, source.size))
  return head[0] === 0x50 && head[1] === 0x4b ? zipped(source) : legacy(source)
}

/** Where training programs put a state dict beside other things. */
const WRAPPERS = ["model_state_dict", "state_dict", "model", "model_state", "network", "net"]

const within = (dict: Dict): Dict =>
  (WRAPPERS.map((key) => dict.get(key)).find((one) => one instanceof Map) as Dict | undefined) ?? dict

const tensorsOf = (dict: Dict): ReadonlyArray<readonly [string, PickledTensor]> =>
  [...dict].flatMap(([name, value]) =>
    typeof name === "string" && value instanceof PickledTensor ? [[name, value] as const] : []
  )

/** The state dict of a file: the whole object, or what stands under a customary key. @throws FileFault */
export const stateDict = ({ value, storage }: Pth): ReadonlyArray<StoredTensor> => {
  if (!(value instanceof Map)) throw new FileFault("holds no state dict")
  const outer = within(value)
  // A whole checkpoint may stand under `model`, its state dict in it.
  const tensors = tensorsOf(within(outer))
  if (tensors.length === 0) {
    const keys = [...value.keys()].filter((key) => typeof key === "string").slice(0, 8)
    throw new FileFault(
      `holds no state dict: ${keys.length > 0 ? `its keys are ${keys.map(printable).join(", ")}` : "it has no keys that are texts"}`
    )
  }
  return tensors.map(([name, { storage: from, strided }]) =>
    storedTensor(name, from.type, strided, (at, length) => storage(from, at, length))
  )
}
