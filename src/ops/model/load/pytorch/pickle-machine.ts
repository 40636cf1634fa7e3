/** The stack that a pickle works on, and what its operations may do with it. */
import { FileFault } from "../source.ts"

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
  /** Says why a global may not be named. */
  readonly refused: (path: string) => FileFault
  /** What calling it gives. @throws FileFault */
  readonly call: (path: string, args: ReadonlyArray<unknown>) => unknown
  /** What a persistent id stands for. @throws FileFault */
  readonly persistent: (id: unknown) => unknown
}

export const MARK = Symbol("mark")

export interface Machine {
  readonly stack: Array<unknown>
  readonly memo: Map<number, unknown>
  readonly objects: Objects
  /** The next bytes, not copied. */
  readonly take: (length: number) => Uint8Array
  /** Counts objects against the most that a pickle may make. @throws FileFault */
  readonly spend: (objects: number) => void
}

export const pop = ({ stack }: Machine): unknown => {
  if (stack.length === 0) throw new FileFault("has a damaged pickle: it takes what it has not put")
  return stack.pop()
}

export const top = (machine: Machine): unknown => {
  const value = pop(machine)
  machine.stack.push(value)
  return value
}

/** Everything above the last mark, which goes too. */
export const popMarked = ({ stack }: Machine): Array<unknown> => {
  const mark = stack.lastIndexOf(MARK)
  if (mark < 0) throw new FileFault("has a damaged pickle: a mark is missing")
  const items = stack.splice(mark)
  items.shift()
  return items
}

export const asList = (value: unknown): Array<unknown> => {
  if (Array.isArray(value)) return value
  throw new FileFault("has a damaged pickle: something is appended to what is no list")
}

export const asDict = (value: unknown): Dict => {
  if (value instanceof Map) return value
  throw new FileFault("has a damaged pickle: a key is set in what is no dict")
}

export const setItems = (dict: Dict, items: ReadonlyArray<unknown>): void => {
  if (items.length % 2 !== 0) throw new FileFault("has a damaged pickle: a key has no value")
  for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1])
}
