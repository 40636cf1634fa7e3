/** YAML as a tree in which every value knows its place in the text. An alias is the anchored node itself. */
import type { Position } from "../fault.ts"
import type { Text } from "./text.ts"

/** A value with its place. `--set` may replace its content; all aliases then have the new one. */
export interface Node {
  content: Scalar | Sequence | Mapping
  text: Text
  offset: number
}
/** A text, number, flag or nothing. */
export interface Scalar {
  readonly kind: "scalar"
  readonly value: unknown
  /** Its text with quotes and escapes resolved: the text of `1e-4` is "1e-4". */
  readonly written: string
  /** Whether it has neither quotes nor a tag: other readers of YAML may then read another value. */
  readonly plain: boolean
}
/** A list. */
export interface Sequence {
  readonly kind: "sequence"
  readonly items: Array<Slot>
}
/** A mapping from keys to values. */
export interface Mapping {
  readonly kind: "mapping"
  readonly entries: Array<Entry>
  /** Values of `<<`, in order of precedence. */
  readonly merges: Array<Slot>
}
/** A place that holds a node. */
export interface Slot {
  node: Node
  /** Whether the text has `*name` here: an edit below it must not change the anchored value. */
  alias: boolean
}
/** A key of a mapping with its value. */
export interface Entry extends Slot {
  readonly key: string
  readonly at: Position
}

/** The slots of a node: items of a sequence, or entries and merges of a mapping. */
export const slotsOf = ({ content }: Node): ReadonlyArray<Slot> => {
  if (content.kind === "scalar") return []
  return content.kind === "sequence" ? content.items : [...content.entries, ...content.merges]
}

/** Entries of a mapping with its merges: own keys first, then those of earlier merges. */
export const entriesOf = (mapping: Mapping): ReadonlyArray<Entry> => {
  const entries = [...mapping.entries]
  const seen = new Set(entries.map((entry) => entry.key))
  for (const { node } of mapping.merges) {
    if (node.content.kind !== "mapping") continue
    for (const entry of entriesOf(node.content)) {
      if (!seen.has(entry.key)) entries.push({ ...entry, alias: true })
      seen.add(entry.key)
    }
  }
  return entries
}

/** Position of a node. */
export const positionOf = (node: Node): Position => node.text.position(node.offset)

/** The plain value of a node, with aliases and merges resolved. */
export const plainValue = (node: Node): unknown => {
  const { content } = node
  if (content.kind === "scalar") return content.value
  if (content.kind === "sequence") return content.items.map((slot) => plainValue(slot.node))
  return Object.fromEntries(entriesOf(content).map((entry) => [entry.key, plainValue(entry.node)]))
}

/** Entries by key, kept until the mapping has other entries: many faults of one mapping are then looked up in linear time. */
const indices = new WeakMap<Mapping, { readonly own: number; readonly index: ReadonlyMap<string, Entry> }>()

const indexOf = (mapping: Mapping): ReadonlyMap<string, Entry> => {
  const known = indices.get(mapping)
  if (known?.own === mapping.entries.length) return known.index
  const index = new Map(entriesOf(mapping).map((entry) => [entry.key, entry]))
  indices.set(mapping, { own: mapping.entries.length, index })
  return index
}

/** The slot at a path of keys and indices, after all edits; undefined if the path leaves the tree. */
export const find = (node: Node, path: ReadonlyArray<string>): Slot | undefined => {
  let slot: Slot | undefined = { node, alias: false }
  for (const key of path) {
    const content: Node["content"] = slot.node.content
    if (content.kind === "mapping") slot = indexOf(content).get(key)
    else if (content.kind === "sequence") slot = content.items[Number(key)]
    else slot = undefined
    if (slot === undefined) return undefined
  }
  return slot
}

/** Position of a path: that of its key, or of the deepest value that exists on the way. */
export const locate = (node: Node, path: ReadonlyArray<string>, key: boolean): Position => {
  const parent = find(node, path.slice(0, -1))
  if (key && parent?.node.content.kind === "mapping") {
    const entry = indexOf(parent.node.content).get(path[path.length - 1])
    if (entry !== undefined) return entry.at
  }
  for (let depth = path.length; depth > 0; depth--) {
    const slot = find(node, path.slice(0, depth))
    if (slot !== undefined) return positionOf(slot.node)
  }
  return positionOf(node)
}
