/** `--set path=value`: edits the tree before anchors and merges are resolved. */
import type { Fault } from "../fault.ts"
import { suggestion } from "../words.ts"
import type { Environment } from "./environment.ts"
import { parseYaml } from "./parse.ts"
import { optionText } from "./text.ts"
import { entriesOf, type Mapping, type Node, type Sequence, type Slot, slotsOf } from "./tree.ts"

/** An edit that cannot be made. Its place is the text of the option. */
class Refused extends Error {}

/** The node in a slot that is about to be changed: a copy if the slot is an alias. */
const own = (slot: Slot): Node => {
  if (!slot.alias) return slot.node
  const { content } = slot.node
  const copied =
    content.kind === "scalar"
      ? content
      : content.kind === "sequence"
        ? { ...content, items: content.items.map((item) => ({ ...item, alias: true })) }
        : {
            ...content,
            entries: content.entries.map((entry) => ({ ...entry, alias: true })),
            merges: [...content.merges]
          }
  slot.node = { ...slot.node, content: copied }
  slot.alias = false
  return slot.node
}

/** Steps of a pipeline are addressed by their operator's name, with `name#2` for the second of that name. */
const stepNamed = (sequence: Sequence, key: string): Slot => {
  const names = sequence.items.map(({ node: { content } }) =>
    content.kind === "scalar" ? content.written : content.kind === "mapping" ? (entriesOf(content)[0]?.key ?? "") : ""
  )
  if (/^\d+$/.test(key) && sequence.items[Number(key)] !== undefined) return sequence.items[Number(key)]
  const [name, nth] = key.split("#")
  const places = names.flatMap((found, i) => (found === name ? [i] : []))
  if (places.length === 0) throw new Refused(`there is no step \`${name}\`${suggestion(name, names)}`)
  if (places.length > 1 && nth === undefined) {
    throw new Refused(`there are ${places.length} steps \`${name}\`: use \`${name}#1\` to \`${name}#${places.length}\``)
  }
  const place = places[nth === undefined ? 0 : Number(nth) - 1]
  if (place === undefined)
    throw new Refused(
      `there ${places.length === 1 ? "is only one step" : `are only ${places.length} steps`} \`${name}\``
    )
  return sequence.items[place]
}

/** A step without parameters (`- report`, `- report:`) becomes `- report: {}`. */
const parametersOf = (slot: Slot, key: string): Slot => {
  const node = own(slot)
  const name = key.split("#")[0]
  if (node.content.kind === "scalar") {
    const at = node.text.position(node.offset)
    node.content = {
      kind: "mapping",
      entries: [{ key: node.content.written, at, node: emptyMapping(node), alias: false }],
      merges: []
    }
  }
  const mapping = node.content as Mapping
  const there = mapping.entries.find((one) => one.key === name)
  if (there !== undefined) return there
  const merged = entriesOf(mapping).find((one) => one.key === name)
  if (merged === undefined) return mapping.entries[0]
  const entry = { ...merged, alias: true }
  mapping.entries.push(entry)
  return entry
}

const emptyMapping = (like: Node): Node => ({
  text: like.text,
  offset: like.offset,
  content: { kind: "mapping", entries: [], merges: [] }
})

/** The slot of `key` inside `node`; a mapping without that key gets it. */
const inside = (node: Node, key: string, value: Node): Slot => {
  if (node.content.kind === "sequence") {
    const slot = stepNamed(node.content, key)
    return /^\d+$/.test(key) ? slot : parametersOf(slot, key)
  }
  if (node.content.kind === "scalar") {
    if (node.content.value !== null) throw new Refused(`\`${node.content.written}\` is a value and has no \`${key}\``)
    node.content = emptyMapping(node).content
  }
  const mapping = node.content as Mapping
  const there = mapping.entries.find((entry) => entry.key === key)
  if (there !== undefined) return there
  const merged = entriesOf(mapping).find((entry) => entry.key === key)
  const entry = {
    key,
    at: value.text.position(0),
    node: merged?.node ?? emptyMapping(value),
    alias: merged !== undefined
  }
  mapping.entries.push(entry)
  return entry
}

const assign = (root: Node, path: ReadonlyArray<string>, value: Node): void => {
  let node = root
  path.forEach((key, i) => {
    const slot = inside(node, key, value)
    if (i < path.length - 1) {
      node = own(slot)
      return
    }
    // Replacing the content of an anchored node lets its aliases follow; an alias itself is replaced alone.
    if (slot.alias) Object.assign(slot, { node: value, alias: false })
    else Object.assign(slot.node, value)
  })
}

/** Nodes that at least one alias refers to. */
const aliasedIn = (node: Node, found = new Set<Node>()): ReadonlySet<Node> => {
  for (const slot of slotsOf(node)) {
    if (slot.alias) found.add(slot.node)
    else aliasedIn(slot.node, found)
  }
  return found
}

/** Refuses a path into `define` that would change nothing: its values only take effect through aliases. */
const checkDefined = (root: Node, [section, ...path]: ReadonlyArray<string>): void => {
  if (section !== "define") return
  const [name] = path
  if (name === undefined) throw new Refused("name one of the values in `define`")
  const aliased = aliasedIn(root)
  let node = root.content.kind === "mapping" ? root.content.entries.find(({ key }) => key === section)?.node : undefined
  const names = node?.content.kind === "mapping" ? entriesOf(node.content).map(({ key }) => key) : []
  if (!names.includes(name)) throw new Refused(`\`define\` has no \`${name}\`${suggestion(name, names)}`)
  for (const key of path) {
    node =
      node?.content.kind === "mapping" ? entriesOf(node.content).find((entry) => entry.key === key)?.node : undefined
    if (node !== undefined && aliased.has(node)) return
  }
  throw new Refused(`no step uses \`define.${path.join(".")}\`: give it an anchor, and put its alias into a step`)
}

/** A path that names no top-level key may name an anchored value: `--set epochs=3` for `define: { epochs: &epochs 6 }`. */
const resolve = (root: Node, path: ReadonlyArray<string>, known: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (known.includes(path[0]) || root.content.kind !== "mapping") return path
  const top = entriesOf(root.content)
  const below = (section: string): ReadonlyArray<string> => {
    const content = top.find((entry) => entry.key === section)?.node.content
    return content?.kind === "mapping" ? entriesOf(content).map((entry) => entry.key) : []
  }
  if (below("define").includes(path[0])) return ["define", ...path]
  if (below("pipelines").includes(path[0])) return ["pipelines", ...path]
  if (known.length === 0 || top.some((entry) => entry.key === path[0])) return path
  throw new Refused(
    `there is no key \`${path[0]}\`${suggestion(path[0], [...known, ...below("define"), ...below("pipelines")])}`
  )
}

/**
 * Applies `path=value` options to a tree, in their order. Values are YAML (`0.5`, `[1, 2]`, `{ a: 1 }`).
 *
 * @param known the top-level keys that the file may have
 * @returns faults of options that cannot be applied
 */
export const applySettings = (
  root: Node,
  settings: ReadonlyArray<string>,
  known: ReadonlyArray<string>,
  environment?: Environment
): ReadonlyArray<Fault> => {
  const faults: Array<Fault> = []
  for (const setting of settings) {
    const equals = setting.indexOf("=")
    const text = optionText(`--set ${setting}`, equals < 0 ? "" : setting.slice(equals + 1))
    const refuse = (problem: string) => faults.push({ at: text.position(0), path: "", problem })
    if (equals <= 0) {
      refuse("expected `path=value`, such as `pipelines.test.batch.size=32`")
      continue
    }
    const parsed = parseYaml(text, { environment })
    if (parsed.faults.length > 0) {
      refuse(parsed.faults.map((fault) => fault.problem).join("; "))
      continue
    }
    const value: Node = parsed.root ?? {
      text,
      offset: 0,
      content: { kind: "scalar", value: null, written: "", plain: true }
    }
    try {
      const path = resolve(root, setting.slice(0, equals).split("."), known)
      checkDefined(root, path)
      assign(root, path, value)
    } catch (cause) {
      if (!(cause instanceof Refused)) throw cause
      refuse(cause.message)
    }
  }
  return faults
}
