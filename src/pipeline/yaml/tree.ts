/**
 * YAML as a tree that remembers where everything stands.
 *
 * js-yaml's `load` gives values without positions and stops at the first duplicate key. Its events keep offsets; this
 * tree is built from them, so that every fault of a file is found at once and shown where its text stands, also inside
 * anchors and merges. An alias is the anchored node itself.
 */
import { CORE_SCHEMA, constructFromEvents, EVENT_ID, mergeTag, parseEvents, SCALAR_STYLE, YAMLException } from "js-yaml"
import type { Fault, Position } from "../fault.ts"
import type { Text } from "./text.ts"

const schema = CORE_SCHEMA.withTags(mergeTag)

/** A box: `--set` may replace its content, and all aliases follow. */
export interface Node {
  content: Scalar | Sequence | Mapping
  text: Text
  offset: number
}
export interface Scalar {
  readonly kind: "scalar"
  readonly value: unknown
  /** As written, quotes and escapes resolved: the text of `1e-4` is "1e-4". */
  readonly written: string
  /** Without quotes and tag: other readers of YAML may see another value in it. */
  readonly plain: boolean
}
export interface Sequence {
  readonly kind: "sequence"
  readonly items: Array<Slot>
}
export interface Mapping {
  readonly kind: "mapping"
  readonly entries: Array<Entry>
  /** Values of `<<`, the first before the second. */
  readonly merges: Array<Slot>
}
export interface Slot {
  node: Node
  /** True where the text says `*name`: an edit below it must not change the anchor. */
  alias: boolean
}
export interface Entry extends Slot {
  readonly key: string
  readonly at: Position
}

export interface Parsed {
  readonly root: Node | undefined
  readonly faults: ReadonlyArray<Fault>
}

/** More values than this after following aliases is an attack or a mistake ("billion laughs"). */
const MOST_VALUES = 100_000

type Event = ReturnType<typeof parseEvents>[number]
type ScalarEvent = Extract<Event, { type: typeof EVENT_ID.SCALAR }>
type AliasEvent = Extract<Event, { type: typeof EVENT_ID.ALIAS }>

class Builder {
  readonly faults: Array<Fault> = []
  private at = 0
  private readonly anchors = new Map<string, { node: Node; open: boolean }>()
  private readonly text: Text
  private readonly events: ReadonlyArray<Event>

  constructor(text: Text, events: ReadonlyArray<Event>) {
    this.text = text
    this.events = events
  }

  fault(offset: number, problem: string): void {
    this.faults.push({ at: this.text.position(offset), path: "", problem })
  }

  /** The document's root; events begin with DOCUMENT and end with POP. */
  root(): Node | undefined {
    if (this.events.length === 0 || this.events[1]?.type === EVENT_ID.POP) return undefined
    this.at = 1
    const { node } = this.slot()
    const more = this.events.findIndex((event, i) => i >= this.at && event.type === EVENT_ID.DOCUMENT)
    if (more >= 0) this.fault(this.text.content.length, "holds more than one document; one file is one experiment")
    return node
  }

  /** @param beside where a value would stand that is left out: js-yaml says nothing of its place */
  private slot(beside = 0): Slot {
    const event = this.events[this.at++]
    switch (event.type) {
      case EVENT_ID.ALIAS:
        return { node: this.aliased(event), alias: true }
      case EVENT_ID.SCALAR: {
        const node = this.box(event.valueStart < 0 ? beside : event.valueStart, this.scalar(event))
        this.anchor(event, node)
        return { node, alias: false }
      }
      case EVENT_ID.SEQUENCE: {
        const content: Sequence = { kind: "sequence", items: [] }
        const node = this.box(event.start, content)
        const anchor = this.anchor(event, node)
        if (anchor !== undefined) anchor.open = true
        while (this.events[this.at].type !== EVENT_ID.POP) content.items.push(this.slot(event.start))
        this.at++
        if (anchor !== undefined) anchor.open = false
        return { node, alias: false }
      }
      case EVENT_ID.MAPPING: {
        const content: Mapping = { kind: "mapping", entries: [], merges: [] }
        const node = this.box(event.start, content)
        const anchor = this.anchor(event, node)
        if (anchor !== undefined) anchor.open = true
        while (this.events[this.at].type !== EVENT_ID.POP) this.entry(content)
        this.at++
        if (anchor !== undefined) anchor.open = false
        return { node, alias: false }
      }
      default:
        throw new TypeError("a document inside a document")
    }
  }

  private entry(mapping: Mapping): void {
    const event = this.events[this.at]
    const start = event.type === EVENT_ID.SCALAR ? event.valueStart : "start" in event ? event.start : 0
    const offset = Math.max(0, start)
    const { node } = this.slot()
    const value = this.slot(offset)
    if (node.content.kind !== "scalar") {
      this.fault(offset, "a key must be text, not a list or a mapping")
      return
    }
    const key = node.content.written
    if (event.type === EVENT_ID.SCALAR && key === "<<" && event.style === SCALAR_STYLE.PLAIN) {
      this.merge(mapping, value, offset)
      return
    }
    if (mapping.entries.some((entry) => entry.key === key)) this.fault(offset, `duplicate key \`${key}\``)
    else mapping.entries.push({ ...value, key, at: this.text.position(offset) })
  }

  private merge(mapping: Mapping, value: Slot, offset: number): void {
    const slots = value.node.content.kind === "sequence" ? value.node.content.items : [value]
    for (const slot of slots) {
      if (slot.node.content.kind === "mapping") mapping.merges.push(slot)
      else this.fault(offset, "`<<` merges mappings only")
    }
  }

  private aliased(event: AliasEvent): Node {
    const name = this.text.content.slice(event.anchorStart, event.anchorEnd)
    const anchor = this.anchors.get(name)
    if (anchor !== undefined && !anchor.open) return anchor.node
    const problem =
      anchor === undefined
        ? `alias \`*${name}\` has no anchor \`&${name}\` before it`
        : `alias \`*${name}\` refers to itself`
    this.fault(event.anchorStart - 1, problem)
    return this.box(event.anchorStart - 1, { kind: "scalar", value: null, written: "", plain: true })
  }

  private anchor(event: { readonly anchorStart: number; readonly anchorEnd: number }, node: Node) {
    if (event.anchorStart < 0) return undefined
    const anchor = { node, open: false }
    this.anchors.set(this.text.content.slice(event.anchorStart, event.anchorEnd), anchor)
    return anchor
  }

  private box(offset: number, content: Node["content"]): Node {
    return { content, text: this.text, offset: Math.max(offset, 0) }
  }

  private scalar(event: ScalarEvent): Scalar {
    const source = this.text.content
    const document = { type: EVENT_ID.DOCUMENT, explicitStart: false, explicitEnd: false, directives: [] }
    const bare = { ...event, anchorStart: -1, anchorEnd: -1 }
    const written = source.slice(event.valueStart, event.valueEnd)
    const plain = event.style === SCALAR_STYLE.PLAIN && event.tagStart < 0
    try {
      const [value] = constructFromEvents([document, bare, { type: EVENT_ID.POP }], { source, schema })
      const simple =
        typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null
      // `<<` outside a key decodes to js-yaml's merge marker, which is no value
      return simple
        ? { kind: "scalar", value, written: typeof value === "string" ? value : written, plain }
        : { kind: "scalar", value: written, written, plain }
    } catch (cause) {
      this.fault(
        event.tagStart >= 0 ? event.tagStart : event.valueStart,
        cause instanceof YAMLException ? cause.reason : String(cause)
      )
      return { kind: "scalar", value: written, written, plain }
    }
  }
}

/** All that a node holds: a sequence's items, or a mapping's entries and what it merges. */
export const slotsOf = ({ content }: Node): ReadonlyArray<Slot> => {
  if (content.kind === "scalar") return []
  return content.kind === "sequence" ? content.items : [...content.entries, ...content.merges]
}

/** Values below a node with aliases followed; each node is counted once per use, computed once per node. */
const valuesBelow = (node: Node, known: Map<Node, number>): number => {
  const before = known.get(node)
  if (before !== undefined) return before
  const total = slotsOf(node).reduce((sum, slot) => sum + valuesBelow(slot.node, known), 1)
  known.set(node, total)
  return total
}

/**
 * Parses one YAML document. A syntax error is the only fault reported then; duplicate keys, self-references, aliases
 * without anchors and explosions of aliases are reported together.
 */
export const parseYaml = (text: Text): Parsed => {
  try {
    const builder = new Builder(text, parseEvents(text.content, {}))
    const root = builder.root()
    if (root !== undefined && builder.faults.length === 0 && valuesBelow(root, new Map()) > MOST_VALUES) {
      builder.fault(0, `its aliases expand to more than ${MOST_VALUES} values`)
    }
    return { root, faults: builder.faults }
  } catch (cause) {
    if (!(cause instanceof YAMLException)) throw cause
    return {
      root: undefined,
      faults: [{ at: text.position(cause.mark?.position ?? 0), path: "", problem: `not YAML: ${cause.reason}` }]
    }
  }
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

export const positionOf = (node: Node): Position => node.text.position(node.offset)

/** The plain value of a node, aliases and merges followed. */
export const plainValue = (node: Node): unknown => {
  const { content } = node
  if (content.kind === "scalar") return content.value
  if (content.kind === "sequence") return content.items.map((slot) => plainValue(slot.node))
  return Object.fromEntries(entriesOf(content).map((entry) => [entry.key, plainValue(entry.node)]))
}

/** Follows keys and indices; `undefined` where the path ends early. */
export const find = (node: Node, path: ReadonlyArray<string>): Slot | undefined => {
  let slot: Slot | undefined = { node, alias: false }
  for (const key of path) {
    const content: Node["content"] = slot.node.content
    if (content.kind === "mapping") slot = entriesOf(content).find((entry) => entry.key === key)
    else if (content.kind === "sequence") slot = content.items[Number(key)]
    else slot = undefined
    if (slot === undefined) return undefined
  }
  return slot
}

/** Where a path stands: the key itself, or the deepest value that there is on the way. */
export const locate = (node: Node, path: ReadonlyArray<string>, key: boolean): Position => {
  const parent = find(node, path.slice(0, -1))
  if (key && parent?.node.content.kind === "mapping") {
    const entry = entriesOf(parent.node.content).find((one) => one.key === path[path.length - 1])
    if (entry !== undefined) return entry.at
  }
  for (let depth = path.length; depth > 0; depth--) {
    const slot = find(node, path.slice(0, depth))
    if (slot !== undefined) return positionOf(slot.node)
  }
  return positionOf(node)
}
