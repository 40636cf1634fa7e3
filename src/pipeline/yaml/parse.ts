/**
 * From YAML text to a tree.
 *
 * js-yaml's `load` gives values without positions and stops at the first duplicate key. Its events keep offsets; the tree
 * is built from them, so that every fault of a file is found at once and shown at its place, also inside anchors and
 * merges. The time is linear in the length of the text, and limits are checked while the tree is built.
 */
import { CORE_SCHEMA, constructFromEvents, EVENT_ID, mergeTag, parseEvents, SCALAR_STYLE, YAMLException } from "js-yaml"
import type { Fault } from "../fault.ts"
import { grouped, key as quotedKey } from "../words.ts"
import { type Environment, expanded, type Masked, masked, processEnvironment } from "./environment.ts"
import type { Text } from "./text.ts"
import { type Mapping, type Node, type Scalar, type Sequence, type Slot, slotsOf } from "./tree.ts"

const schema = CORE_SCHEMA.withTags(mergeTag)

/** A tree, or the faults that prevent one; undefined without faults for an empty text. */
export interface Parsed {
  readonly root: Node | undefined
  /** Anchored values by name. */
  readonly anchors: ReadonlyMap<string, Node>
  readonly faults: ReadonlyArray<Fault>
}

/** How a text is parsed. */
export interface ParseOptions {
  readonly environment?: Environment | undefined
  /** Called with the value of `include`, once; returns the anchors that are known below it. Without it, `include` is a key like others. */
  readonly include?: (value: Node) => ReadonlyMap<string, Node>
}

/** More values than this, aliases followed, are a mistake or an attack ("billion laughs"). */
const MOST_VALUES = 1_000_000

/** More levels of lists and mappings than this, aliases followed, are a mistake or an attack on the stack. */
const DEEPEST = 100

/** Longest text, in UTF-16 units. */
const LONGEST = 1 << 25

/** A limit that ends the reading: a fault that is reported alone. */
class Limit extends Error {
  readonly offset: number
  constructor(offset: number, problem: string) {
    super(problem)
    this.offset = offset
  }
}

type Event = ReturnType<typeof parseEvents>[number]
type ScalarEvent = Extract<Event, { type: typeof EVENT_ID.SCALAR }>
type AliasEvent = Extract<Event, { type: typeof EVENT_ID.ALIAS }>

/** The value of text without quotes and blanks. */
const retyped = (text: string): unknown => {
  const events = parseEvents("a", {}).map((event) =>
    event.type === EVENT_ID.SCALAR ? { ...event, valueStart: 0, valueEnd: text.length } : event
  )
  return constructFromEvents(events, { source: text, schema })[0]
}

const isSimple = (value: unknown): boolean => value === null || ["string", "number", "boolean"].includes(typeof value)

const bare = (event: ScalarEvent): ScalarEvent => ({ ...event, anchorStart: -1, anchorEnd: -1 })

/** Values of all scalars, decoded together since each call costs more than a value; undefined if one is at fault. */
const scalarValues = (source: string, events: ReadonlyArray<Event>): ReadonlyMap<ScalarEvent, unknown> | undefined => {
  const scalars = events.filter((event): event is ScalarEvent => event.type === EVENT_ID.SCALAR)
  const [document, list, ...ends] = parseEvents("[]", {})
  try {
    const [values] = constructFromEvents([document, list, ...scalars.map(bare), ...ends], { source, schema })
    return new Map((values as ReadonlyArray<unknown>).map((value, i) => [scalars[i], value]))
  } catch {
    return undefined
  }
}

class Builder {
  readonly faults: Array<Fault> = []
  private at = 0
  private count = 0
  /** Keys of the mappings that are being read. */
  private readonly keys = new WeakMap<Mapping, Set<string>>()
  private readonly values: ReadonlyMap<ScalarEvent, unknown> | undefined
  private readonly anchors = new Map<string, { node: Node; open: boolean }>()
  private readonly text: Text
  private readonly source: Masked
  private readonly events: ReadonlyArray<Event>
  private readonly options: ParseOptions
  private readonly environment: Environment
  private top: Mapping | undefined
  /** Problems of references that were reported: a name that is not set is one fault, however often it is used. */
  private readonly reported = new Set<string>()

  constructor(text: Text, source: Masked, options: ParseOptions) {
    this.text = text
    this.source = source
    this.events = parseEvents(source.content, {})
    this.options = options
    this.environment = options.environment ?? processEnvironment()
    this.values = scalarValues(source.content, this.events)
  }

  /** Anchored values by name. */
  get anchored(): ReadonlyMap<string, Node> {
    return new Map([...this.anchors].map(([name, { node }]) => [name, node]))
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

  /** @param beside place of an omitted value, for which js-yaml gives none */
  private slot(beside = 0): Slot {
    const event = this.events[this.at++]
    if (++this.count > MOST_VALUES) throw new Limit(beside, `holds more than ${grouped(MOST_VALUES)} values`)
    switch (event.type) {
      case EVENT_ID.ALIAS:
        return { node: this.aliased(event), alias: true }
      case EVENT_ID.SCALAR: {
        const node = this.box(event.valueStart < 0 ? beside : event.valueStart, this.filled(event))
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
        this.top ??= content
        const node = this.box(event.start, content)
        const anchor = this.anchor(event, node)
        if (anchor !== undefined) anchor.open = true
        this.keys.set(content, new Set())
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
    const isKey = event.type === EVENT_ID.SCALAR
    const { node } = isKey ? this.key(event) : this.slot()
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
    if (mapping === this.top && key === "include" && this.options.include !== undefined) {
      if (this.keys.get(mapping)?.has(key) === true) this.fault(offset, `duplicate key ${quotedKey(key)}`)
      else this.include(value.node)
      this.keys.get(mapping)?.add(key)
      return
    }
    const keys = this.keys.get(mapping)
    if (keys?.has(key) === true) this.fault(offset, `duplicate key ${quotedKey(key)}`)
    else mapping.entries.push({ ...value, key, at: this.text.position(offset) })
    keys?.add(key)
  }

  /** A key. It is taken as it is written: `${NAME}` in a key is a fault. */
  private key(event: ScalarEvent): { readonly node: Node } {
    this.at++
    if (++this.count > MOST_VALUES) throw new Limit(event.valueStart, `holds more than ${grouped(MOST_VALUES)} values`)
    const content = this.scalar(event)
    const offset = Math.max(0, event.valueStart)
    if (/\$\{[^{}]*\}/.test(content.written)) {
      this.fault(offset, `key ${quotedKey(content.written)} refers to the environment; only values may`)
    }
    const node = this.box(offset, content)
    this.anchor(event, node)
    return { node }
  }

  private include(value: Node): void {
    for (const [name, node] of this.options.include?.(value) ?? []) this.anchors.set(name, { node, open: false })
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
    const written = this.text.content.slice(event.valueStart, event.valueEnd)
    const plain = event.style === SCALAR_STYLE.PLAIN && event.tagStart < 0
    const decoded = this.values === undefined ? this.decoded(event) : this.values.get(event)
    const value = typeof decoded === "string" ? this.source.unmask(decoded) : decoded
    // `<<` outside a key decodes to js-yaml's merge marker, which is no value.
    if (!isSimple(value)) return { kind: "scalar", value: written, written, plain }
    return { kind: "scalar", value, written: typeof value === "string" ? value : written, plain }
  }

  /** A scalar with its references resolved. Without quotes, the result is read again: `${SIZE:-64}` is a number. */
  private filled(event: ScalarEvent): Scalar {
    const scalar = this.scalar(event)
    if (typeof scalar.value !== "string") return scalar
    const found = expanded(scalar.value, this.environment)
    if ("problem" in found) {
      if (!this.reported.has(found.problem)) this.fault(event.valueStart, found.problem)
      this.reported.add(found.problem)
      return scalar
    }
    const { text } = found
    if (text === scalar.value) return scalar
    const value = scalar.plain && scalar.value.includes("${") && !/\s/.test(text) ? retyped(text) : text
    return { kind: "scalar", value: isSimple(value) ? value : text, written: text, plain: scalar.plain }
  }

  /** The value of one scalar by itself; a fault at its place if it has none. */
  private decoded(event: ScalarEvent): unknown {
    const document = { type: EVENT_ID.DOCUMENT, explicitStart: false, explicitEnd: false, directives: [] }
    const source = this.source.content
    try {
      return constructFromEvents([document, bare(event), { type: EVENT_ID.POP }], { source, schema })[0]
    } catch (cause) {
      const offset = event.tagStart >= 0 ? event.tagStart : event.valueStart
      this.fault(offset, cause instanceof YAMLException ? cause.reason : String(cause))
      return undefined
    }
  }
}

interface Extent {
  readonly values: number
  readonly depth: number
}

/** Values and levels below a node with aliases followed: values count once per use, but are visited once. */
const extentOf = (node: Node, known: Map<Node, Extent>): Extent => {
  const before = known.get(node)
  if (before !== undefined) return before
  let values = 1
  let depth = 0
  for (const slot of slotsOf(node)) {
    const below = extentOf(slot.node, known)
    values += below.values
    depth = Math.max(depth, below.depth)
  }
  const extent = { values, depth: depth + 1 }
  known.set(node, extent)
  return extent
}

const alone = (text: Text, offset: number, problem: string): Parsed => ({
  root: undefined,
  anchors: new Map(),
  faults: [{ at: text.position(offset), path: "", problem }]
})

/** Faults of a tree that is too large with its aliases followed. */
export const checkExtent = (root: Node, text: Text): ReadonlyArray<Fault> => {
  const { depth, values } = extentOf(root, new Map())
  const fault = (problem: string): Fault => ({ at: text.position(0), path: "", problem })
  return [
    ...(values > MOST_VALUES ? [fault(`its aliases expand to more than ${grouped(MOST_VALUES)} values`)] : []),
    ...(depth > DEEPEST + 1 ? [fault(`its aliases nest more than ${DEEPEST} levels deep`)] : [])
  ]
}

/**
 * Parses one YAML document. A syntax error, or a limit that the text exceeds, is the only fault reported then; duplicate
 * keys, self-references, aliases without anchors and references without a value are reported together.
 */
export const parseYaml = (text: Text, options: ParseOptions = {}): Parsed => {
  if (text.content.length > LONGEST) return alone(text, 0, `is longer than ${grouped(LONGEST)} characters`)
  try {
    const builder = new Builder(text, masked(text.content), options)
    const root = builder.root()
    const faults = builder.faults
    if (root !== undefined && faults.length === 0) faults.push(...checkExtent(root, text))
    return { root, faults, anchors: builder.anchored }
  } catch (cause) {
    if (cause instanceof Limit) return alone(text, cause.offset, cause.message)
    if (!(cause instanceof YAMLException)) throw cause
    return alone(text, cause.mark?.position ?? 0, `not YAML: ${cause.reason}`)
  }
}
