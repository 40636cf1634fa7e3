/**
 * Reads pickles that hold weights and nothing else: dicts, lists, tuples, numbers, texts and tensors. Python's own reader
 * calls every function that a file names; this one knows a few names, refuses all others, and calls nothing.
 *
 * Opcodes are those of Python's `pickletools`, protocols 0 to 5, without those that make objects of old classes. No value can
 * be larger than the file, and the number of objects is limited.
 */
import { FileFault, viewOf } from "../source.ts"
import {
  asDict,
  asList,
  type Dict,
  Global,
  MARK,
  type Machine,
  type Objects,
  pop,
  popMarked,
  setItems,
  top
} from "./pickle-machine.ts"
import { decimal, integer, latin1, line, pythonText, storageId, text, uint } from "./pickle-values.ts"

/** Largest number of operations of one pickle; each makes at most one object. A network of 10,000 arrays needs half a million. */
const MOST_OBJECTS = 4_000_000

/** Largest length of a text in protocol 0, in bytes. */
const MOST_TEXT = 1 << 16

const pushGlobal = (machine: Machine, module: unknown, name: unknown): void => {
  if (typeof module !== "string" || typeof name !== "string")
    throw new FileFault("has a damaged pickle: a name is not text")
  if (!machine.objects.allows(`${module} ${name}`)) throw machine.objects.refused(`${module} ${name}`)
  machine.stack.push(new Global(`${module} ${name}`))
}

const reduce = (machine: Machine): void => {
  const args = pop(machine)
  const callee = pop(machine)
  if (!(callee instanceof Global) || !Array.isArray(args))
    throw new FileFault("has a damaged pickle: it calls a value that is not a function")
  // A call may copy its list argument, and one list can be the argument of many calls.
  for (const arg of args) if (Array.isArray(arg)) machine.spend(arg.length)
  machine.stack.push(machine.objects.call(callee.path, args))
}

const remembered = ({ memo }: Machine, key: number): unknown => {
  if (memo.has(key)) return memo.get(key)
  throw new FileFault("has a damaged pickle: it asks for an object that it has not stored")
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
  "\x8e": pushing((machine) => machine.take(uint(machine, 8)).slice()),
  "\x96": pushing((machine) => machine.take(uint(machine, 8)).slice()),
  // Protocol 0 writes values as lines of text.
  I: pushing((machine) => decimal(line(machine))),
  L: pushing((machine) => decimal(line(machine).replace(/L$/, ""))),
  F: pushing((machine) => decimal(line(machine))),
  V: pushing((machine) => pythonText(line(machine, MOST_TEXT))),
  S: pushing((machine) => pythonText(line(machine, MOST_TEXT).replace(/^(['"])(.*)\1$/s, "$2"))),
  P: pushing((machine) => machine.objects.persistent(storageId(line(machine, MOST_TEXT)))),
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
  p: keeping((machine) => Number(decimal(line(machine)))),
  g: pushing((machine) => remembered(machine, Number(decimal(line(machine))))),
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
  "\x81": reduce,
  // Sets attributes of an object, such as the versions that PyTorch keeps beside a state dict. They hold no weights.
  b: (machine) => {
    pop(machine)
    if (typeof top(machine) !== "object")
      throw new FileFault("has a damaged pickle: it sets attributes of a value that is not an object")
  },
  Q: (machine) => {
    machine.stack.push(machine.objects.persistent(pop(machine)))
  }
}

/**
 * Reads one pickle.
 *
 * @param at position in `bytes` where it begins
 * @returns its value (dicts as `Map`, lists and tuples as arrays, None as null) and the position of its end
 * @throws FileFault if it is damaged, or names an object that `objects` does not allow
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
  let left = MOST_OBJECTS
  const spend = (count: number): void => {
    left -= count
    if (left < 0) throw new FileFault(`has a pickle of more than ${MOST_OBJECTS} objects, more than weights need`)
  }
  const machine: Machine = { stack: [], memo: new Map(), objects, take, spend }
  for (;;) {
    spend(1)
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
