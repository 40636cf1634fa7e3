/** The stack machine of a pickle, and checked operations on its stack. */
import { FileFault } from "../source.ts"

/** A class or function that a pickle names: `module name`. */
export class Global {
  readonly path: string
  constructor(path: string) {
    this.path = path
  }
}

export type Dict = Map<unknown, unknown>

/** The objects that a pickle may contain. */
export interface Objects {
  /** Whether a global may be named. */
  readonly allows: (path: string) => boolean
  /** The error for a global that may not be named. */
  readonly refused: (path: string) => FileFault
  /** Result of calling a global. @throws FileFault */
  readonly call: (path: string, args: ReadonlyArray<unknown>) => unknown
  /** The object of a persistent id. @throws FileFault */
  readonly persistent: (id: unknown) => unknown
}

export const MARK = Symbol("mark")

export interface Machine {
  readonly stack: Array<unknown>
  readonly memo: Map<number, unknown>
  readonly objects: Objects
  /** The next bytes, not copied. */
  readonly take: (length: number) => Uint8Array
  /** Counts objects. @throws FileFault if the pickle makes more than it may */
  readonly spend: (objects: number) => void
}

export const pop = ({ stack }: Machine): unknown => {
  if (stack.length === 0) throw new FileFault("has a damaged pickle: it takes a value from an empty stack")
  return stack.pop()
}

export const top = (machine: Machine): unknown => {
  const value = pop(machine)
  machine.stack.push(value)
  return value
}

/** Removes the last mark and everything above it; returns the latter. */
export const popMarked = ({ stack }: Machine): Array<unknown> => {
  const mark = stack.lastIndexOf(MARK)
  if (mark < 0) throw new FileFault("has a damaged pickle: a mark is missing")
  const items = stack.splice(mark)
  items.shift()
  return items
}

export const asList = (value: unknown): Array<unknown> => {
  if (Array.isArray(value)) return value
  throw new FileFault("has a damaged pickle: it appends to a value that is not a list")
}

export const asDict = (value: unknown): Dict => {
  if (value instanceof Map) return value
  throw new FileFault("has a damaged pickle: it sets a key of a value that is not a dict")
}

export const setItems = (dict: Dict, items: ReadonlyArray<unknown>): void => {
  if (items.length % 2 !== 0) throw new FileFault("has a damaged pickle: a key has no value")
  for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1])
}
