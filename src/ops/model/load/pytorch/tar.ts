/**
 * The tar format of PyTorch's first releases (0.1), after `legacy_load` of `torch/serialization.py`. Member `storages`: a
 * count, then for each storage a pickle (key, device, type), an int64 count of values and the values; at the end a pickle
 * of views. Member `tensors`: a count, then for each tensor a pickle (key, key of its storage, type) and numbers of eight
 * bytes: axes, shape, strides, first value. Member `pickle`: the object, with tensors under persistent ids.
 */
import { latin1 } from "../../../formats/latin1.ts"
import { FileFault, type Source, shortName, viewOf } from "../source.ts"
import { MOST_AXES, WIDTHS } from "../values.ts"
import { readPickle } from "./pickle.ts"
import { type PickledTensor, type Pth, type Storage, storageType, torchObjects, wholeTensor } from "./torch-objects.ts"

const BLOCK = 512
/** Largest number of storages, views or tensors. */
const MOST_ENTRIES = 1_000_000
/** Largest description of a storage or tensor, and largest pickle of the object, in bytes. */
const [MOST_ENTRY, MOST_PICKLE] = [4096, 256 * 2 ** 20]

export const isTar = (source: Source): boolean => source.size > BLOCK && latin1(source.read(257, 5)) === "ustar"

interface Member {
  readonly at: number
  readonly size: number
}

const field = (head: Uint8Array, from: number, length: number): string =>
  latin1(head.subarray(from, from + length))
    .replace(/\0.*$/s, "")
    .trim()

const membersOf = (source: Source): ReadonlyMap<string, Member> => {
  const members = new Map<string, Member>()
  for (let at = 0; at + BLOCK <= source.size; ) {
    const head = source.read(at, BLOCK)
    const name = field(head, 0, 100)
    if (name === "") break
    const size = Number.parseInt(field(head, 124, 12), 8)
    if (!Number.isSafeInteger(size) || size < 0 || members.size > 1000) throw new FileFault("has a damaged tar header")
    members.set(name.replace(/^\.\//, ""), { at: at + BLOCK, size })
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return members
}

/** A reader of consecutive pickles and numbers. */
const cursor = (source: Source, members: ReadonlyMap<string, Member>, name: string) => {
  const member = members.get(name)
  if (member === undefined) throw new FileFault(`is a tar archive without the member ${name}, not weights`)
  const end = member.at + member.size
  let at = member.at
  const take = (length: number) => {
    if (at + length > end) throw new FileFault(`has a member ${name} that ends too early`)
    at += length
    return at - length
  }
  const objects = torchObjects()
  return {
    pickle: (most = MOST_ENTRY): unknown => {
      const bytes = source.read(at, Math.min(most, end - at))
      const read = readPickle(bytes, 0, objects)
      at += read.end
      return read.value
    },
    number: (): number => Number(viewOf(source.read(take(8), 8)).getBigInt64(0, true)),
    axes: (): number => viewOf(source.read(take(8), 8)).getInt32(0, true),
    skip: take
  }
}

const countOf = (value: unknown): number => {
  const sound = Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MOST_ENTRIES
  if (!sound) throw new FileFault("has a damaged count of tensors")
  return value as number
}

interface View {
  readonly storage: Storage
  readonly from: number
  readonly count: number
}

/** Storages and views by key, and the position of the values of each storage. */
const storagesOf = (source: Source, members: ReadonlyMap<string, Member>) => {
  const from = cursor(source, members, "storages")
  const [views, places] = [new Map<string, View>(), new Map<string, number>()]
  const count = countOf(from.pickle())
  for (let i = 0; i < count; i++) {
    const [id, , global] = from.pickle() as ReadonlyArray<unknown>
    const type = storageType(global)
    const [key, values] = [String(id), from.number()]
    if (type === undefined || !Number.isSafeInteger(values) || values < 0) {
      throw new FileFault("has a storage whose description is damaged")
    }
    places.set(key, from.skip(values * WIDTHS[type]))
    views.set(key, { storage: { key, type, count: values }, from: 0, count: values })
  }
  const given = from.pickle(MOST_PICKLE)
  for (const view of Array.isArray(given) ? given : []) {
    const [id, root, first, size] = view as ReadonlyArray<unknown>
    const whole = views.get(String(root))
    const sound = whole && Number.isSafeInteger(first) && Number.isSafeInteger(size) && Number(first) >= 0
    if (!whole || !sound || Number(size) < 0 || Number(first) + Number(size) > whole.count) {
      throw new FileFault("has a storage with a damaged view")
    }
    views.set(String(id), { storage: whole.storage, from: whole.from + Number(first), count: Number(size) })
  }
  return { views, places }
}

const tensorsOf = (source: Source, members: ReadonlyMap<string, Member>, views: ReadonlyMap<string, View>) => {
  const from = cursor(source, members, "tensors")
  const tensors = new Map<string, PickledTensor>()
  const count = countOf(from.pickle())
  for (let i = 0; i < count; i++) {
    const [id, storage] = from.pickle() as ReadonlyArray<unknown>
    const view = views.get(String(storage))
    const axes = from.axes()
    if (view === undefined || axes < 0 || axes > MOST_AXES) {
      throw new FileFault("has a tensor whose description is damaged")
    }
    const [shape, stride] = [0, 1].map(() => Array.from({ length: axes }, from.number))
    const offset = from.number()
    tensors.set(String(id), wholeTensor(view.storage, view.from, view.count, { offset, shape, stride }))
  }
  return tensors
}

/** @throws FileFault */
export const readTar = (source: Source): Pth => {
  const members = membersOf(source)
  const { places, views } = storagesOf(source, members)
  const tensors = tensorsOf(source, members, views)
  const member = members.get("pickle")
  if (member === undefined) throw new FileFault("is a tar archive without the member pickle, not weights")
  if (member.size > MOST_PICKLE) throw new FileFault(`has a pickle of ${member.size} bytes, more than weights need`)
  const objects = torchObjects(undefined, (id) => {
    const tensor = tensors.get(String(id))
    if (tensor === undefined) throw new FileFault(`lacks its tensor ${shortName(String(id))}`)
    return tensor
  })
  const { value } = readPickle(source.read(member.at, member.size), 0, objects)
  return {
    value,
    storage: (storage, from, length) => source.read((places.get(storage.key) ?? 0) + from, length)
  }
}
