/**
 * Reads pickles that hold weights, and nothing else: dicts, lists, tuples, numbers, texts and tensors. Python's own reader
 * calls whatever a file names; this one knows a handful of names, refuses any other, and calls nothing.
 *
 * Opcodes after Python's `pickletools`, protocols 2 to 5. What is read cannot be larger than the file.
 */
import { FileFault, viewOf } from "./source.ts"

/** Something that a pickle names: `module name`. */
export class Global {
  readonly path: string
  constructor(path: string) {
    this.path = path
  }
}

export type Dict = Map<unknown, unknown>

/** What a reader of pickles is told of the objects in them. */
export interface Objects {
  /** Whether a global may be named. */
  readonly allows: (path: string) => boolean
  /** What calling it gives. @throws FileFault */
  readonly call: (path: string, args: ReadonlyArray<unknown>) => unknown
  /** What a persistent id stands for. @throws FileFault */
  readonly persistent: (id: unknown) => unknown
}

const MARK = Symbol("mark")

interface Machine {
  readonly stack: Array<unknown>
  readonly memo: Map<number, unknown>
  readonly objects: Objects
  /** The next bytes, not copied. */
  readonly take: (length: number) => Uint8Array
}

const pop = ({ stack }: Machine): unknown => {
  if (stack.length === 0) throw new FileFault("has a damaged pickle: it takes what it has not put")
  return stack.pop()
}

const top = (machine: Machine): unknown => {
  const value = pop(machine)
  machine.stack.push(value)
  return value
}

/** Everything above the last mark, which goes too. */
const popMarked = ({ stack }: Machine): Array<unknown> => {
  const mark = stack.lastIndexOf(MARK)
  if (mark < 0) throw new FileFault("has a damaged pickle: a mark is missing")
  const items = stack.splice(mark)
  items.shift()
  return items
}

const asList = (value: unknown): Array<unknown> => {
  if (Array.isArray(value)) return value
  throw new FileFault("has a damaged pickle: something is appended to what is no list")
}

const asDict = (value: unknown): Dict => {
  if (value instanceof Map) return value
  throw new FileFault("has a damaged pickle: a key is set in what is no dict")
}

const setItems = (dict: Dict, items: ReadonlyArray<unknown>): void => {
  if (items.length % 2 !== 0) throw new FileFault("has a damaged pickle: a key has no value")
  for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1])
}

/** A little-endian integer in two's complement, as number where that is exact. */
const integer = (bytes: Uint8Array): number | bigint => {
  if (bytes.length > 64) throw new FileFault("has a damaged pickle: an integer of more than 64 bytes")
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i])
  const signed = BigInt.asIntN(8 * bytes.length, value)
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed
}

const utf8 = new TextDecoder("utf-8", { fatal: true })
const latin1 = new TextDecoder("latin1")

const text = (bytes: Uint8Array): string => {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new FileFault("has a damaged pickle: a text is not UTF-8")
  }
}

const uint = (machine: Machine, width: 1 | 2 | 4 | 8): number => {
  const view = viewOf(machine.take(width))
  if (width === 1) return view.getUint8(0)
  if (width === 2) return view.getUint16(0, true)
  if (width === 4) return view.getUint32(0, true)
  const value = view.getBigUint64(0, true)
  // `take` refuses lengths beyond the file.
  return Number(value)
}

const line = (machine: Machine): string => {
  const bytes: Array<number> = []
  for (;;) {
    const [byte] = machine.take(1)
    if (byte === 10) return text(Uint8Array.from(bytes))
    bytes.push(byte)
  }
}

const pushGlobal = (machine: Machine, module: unknown, name: unknown): void => {
  if (typeof module !== "string" || typeof name !== "string")
    throw new FileFault("has a damaged pickle: a name is no text")
  if (!machine.objects.allows(`${module} ${name}`)) {
    throw new FileFault(`wants to use ${module}.${name}, which is no part of weights`)
  }
  machine.stack.push(new Global(`${module} ${name}`))
}

const reduce = (machine: Machine): void => {
  const args = pop(machine)
  const callee = pop(machine)
  if (!(callee instanceof Global) || !Array.isArray(args))
    throw new FileFault("has a damaged pickle: it calls no function")
  machine.stack.push(machine.objects.call(callee.path, args))
}

const remembered = ({ memo }: Machine, key: number): unknown => {
  if (memo.has(key)) return memo.get(key)
  throw new FileFault("has a damaged pickle: it asks for what it has not kept")
}

type Operation = (machine: Machine) => void

const pushing =
  (value: (machine: Machine) => unknown): Operation =>
  (machine) => {
    machine.stack.push(value(machine))
  }
const keeping =
  (key: (machine: Machine) => number): Operation =>
  (machine) => {
    machine.memo.set(key(machine), top(machine))
  }
const popped =
  (count: number): Operation =>
  (machine) => {
    const items = Array.from({ length: count }, () => pop(machine))
    machine.stack.push(items.reverse())
  }

const OPERATIONS: Readonly<Record<string, Operation>> = {
  "\x80": (machine) => {
    const protocol = uint(machine, 1)
    if (protocol > 5) throw new FileFault(`is a pickle of the unknown protocol ${protocol}`)
  },
  "\x95": (machine) => void uint(machine, 8),
  "(": pushing(() => MARK),
  "0": (machine) => void pop(machine),
  "1": (machine) => void popMarked(machine),
  "2": pushing(top),
  N: pushing(() => null),
  "\x88": pushing(() => true),
  "\x89": pushing(() => false),
  J: pushing((machine) => viewOf(machine.take(4)).getInt32(0, true)),
  K: pushing((machine) => uint(machine, 1)),
  M: pushing((machine) => uint(machine, 2)),
  "\x8a": pushing((machine) => integer(machine.take(uint(machine, 1)))),
  "\x8b": pushing((machine) => integer(machine.take(uint(machine, 4)))),
  G: pushing((machine) => viewOf(machine.take(8)).getFloat64(0, false)),
  X: pushing((machine) => text(machine.take(uint(machine, 4)))),
  "\x8c": pushing((machine) => text(machine.take(uint(machine, 1)))),
  "\x8d": pushing((machine) => text(machine.take(uint(machine, 8)))),
  T: pushing((machine) => latin1.decode(machine.take(uint(machine, 4)))),
  U: pushing((machine) => latin1.decode(machine.take(uint(machine, 1)))),
  B: pushing((machine) => machine.take(uint(machine, 4)).slice()),
  C: pushing((machine) => machine.take(uint(machine, 1)).slice()),
  "]": pushing(() => []),
  ")": pushing(() => []),
  "}": pushing(() => new Map()),
  l: pushing(popMarked),
  t: pushing(popMarked),
  "\x85": popped(1),
  "\x86": popped(2),
  "\x87": popped(3),
  d: (machine) => {
    const dict: Dict = new Map()
    setItems(dict, popMarked(machine))
    machine.stack.push(dict)
  },
  a: (machine) => {
    const item = pop(machine)
    asList(top(machine)).push(item)
  },
  e: (machine) => {
    const items = popMarked(machine)
    const list = asList(top(machine))
    for (const item of items) list.push(item)
  },
  s: (machine) => {
    const [value, key] = [pop(machine), pop(machine)]
    asDict(top(machine)).set(key, value)
  },
  u: (machine) => {
    const items = popMarked(machine)
    setItems(asDict(top(machine)), items)
  },
  q: keeping((machine) => uint(machine, 1)),
  r: keeping((machine) => uint(machine, 4)),
  "\x94": keeping(({ memo }) => memo.size),
  h: pushing((machine) => remembered(machine, uint(machine, 1))),
  j: pushing((machine) => remembered(machine, uint(machine, 4))),
  c: (machine) => {
    const module = line(machine)
    pushGlobal(machine, module, line(machine))
  },
  "\x93": (machine) => {
    const name = pop(machine)
    pushGlobal(machine, pop(machine), name)
  },
  R: reduce,
  // Attributes of dicts, such as the versions that PyTorch notes beside a state dict.
  b: (machine) => {
    pop(machine)
    asDict(top(machine))
  },
  Q: (machine) => {
    machine.stack.push(machine.objects.persistent(pop(machine)))
  }
}

/**
 * Reads one pickle.
 *
 * @param at where in `bytes` it begins
 * @returns its value (dicts as `Map`, lists and tuples as arrays, None as null), and where it ends
 * @throws FileFault where it is damaged, or names what `objects` does not allow
 */
export const readPickle = (
  bytes: Uint8Array,
  at: number,
  objects: Objects
): { readonly value: unknown; readonly end: number } => {
  let next = at
  const take = (length: number): Uint8Array => {
    if (!(length <= bytes.length - next)) throw new FileFault("has a pickle that ends too early")
    next += length
    return bytes.subarray(next - length, next)
  }
  const machine: Machine = { stack: [], memo: new Map(), objects, take }
  for (;;) {
    const code = String.fromCharCode(take(1)[0])
    if (code === ".") return { value: pop(machine), end: next }
    const operation = OPERATIONS[code]
    if (operation === undefined) {
      throw new FileFault(
        `has a pickle with the opcode 0x${code.charCodeAt(0).toString(16)}, which weights do not need`
      )
    }
    operation(machine)
  }
}
