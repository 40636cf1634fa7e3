/**
 * `include: other.yaml` at the top of a file.
 *
 * An included file is read first, and its anchors are known below the line `include`. Then both files are one: the file's
 * own values win, `define` and `pipelines` are joined by name, and every other value is replaced whole. An alias of an
 * anchored value that was replaced means the value that replaced it, as if the text had been edited.
 */
import { readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { diskProblem } from "../disk.ts"
import { messageOf, shown } from "../words.ts"
import { type Environment, processEnvironment } from "./environment.ts"
import { checkExtent, type Parsed, parseYaml } from "./parse.ts"
import { SECTIONS } from "./sections.ts"
import { fileText, type Text } from "./text.ts"
import { type Entry, entriesOf, type Node, plainValue, positionOf, slotsOf } from "./tree.ts"

/** How files are found. */
export interface Sources {
  readonly environment: Environment
  /** Text of a file; throws what the file system throws. */
  readonly read: (path: string) => string
}

/** Most files of one configuration: more are a mistake, as files that include each other twice. */
const MOST_FILES = 100

type Anchors = ReadonlyMap<string, Node>
interface Tree {
  readonly root: Node | undefined
  readonly anchors: Anchors
}
const NOTHING: Tree = { root: undefined, anchors: new Map() }

const readProblem = (path: string, cause: unknown): string => {
  const code = (cause as NodeJS.ErrnoException).code
  if (code === "ENOENT") return `there is no file ${path}; the path is relative to the file that includes it`
  if (code === "EISDIR") return `${path} is a folder, not a file`
  return `${path} cannot be read (${diskProblem(cause) ?? messageOf(cause)})`
}

/** Values of an included file by the nodes that replace them. */
type Replaced = Map<Node, Node>

/** Slots of nodes that were replaced get the new node. Inside the new node itself, an alias keeps the included value. */
const retarget = (node: Node, replaced: Replaced, seen: Set<Node>, inside: ReadonlySet<Node>): void => {
  if (seen.has(node)) return
  seen.add(node)
  for (const slot of slotsOf(node)) {
    const next = inside.has(slot.node) ? undefined : replaced.get(slot.node)
    if (slot.alias && next !== undefined) slot.node = next
    else retarget(slot.node, replaced, seen, inside)
  }
}

/** Entries of the included mapping with those of the file's own: the order of the included ones, then the new ones. */
const joined = (base: Node, own: Node, atTop: boolean, replaced: Replaced): Node => {
  if (base.content.kind !== "mapping" || own.content.kind !== "mapping") return own
  const entries: Array<Entry> = entriesOf(base.content).map((entry) => ({ ...entry }))
  const places = new Map(entries.map(({ key }, i) => [key, i]))
  for (const entry of entriesOf(own.content)) {
    const place = places.get(entry.key)
    if (place === undefined) {
      entries.push({ ...entry })
      continue
    }
    const before = entries[place]
    const isSection = atTop && (SECTIONS as ReadonlyArray<string>).includes(entry.key)
    const node = isSection ? joined(before.node, entry.node, false, replaced) : entry.node
    if (!isSection && !before.alias) replaced.set(before.node, entry.node)
    entries[place] = { ...entry, node }
  }
  return { ...own, content: { kind: "mapping", entries, merges: [] } }
}

/** A node that contains itself; `undefined` if there is none. */
const circle = (node: Node, open: Set<Node>, done: Set<Node>): Node | undefined => {
  if (done.has(node)) return undefined
  if (open.has(node)) return node
  open.add(node)
  for (const slot of slotsOf(node)) {
    const found = circle(slot.node, open, done)
    if (found !== undefined) return found
  }
  open.delete(node)
  done.add(node)
  return undefined
}

class Reader {
  readonly faults: Array<Parsed["faults"][number]> = []
  private files = 0
  private readonly sources: Sources

  constructor(sources: Sources) {
    this.sources = sources
  }

  /** @param open the files that are being read, outermost first: one that comes again is a circle */
  file(text: Text, file: string, open: ReadonlyArray<string>): Tree {
    this.files++
    let below: Tree = NOTHING
    const include = (value: Node): Anchors => {
      below = this.included(value, file, [...open, file])
      return below.anchors
    }
    const parsed = parseYaml(text, { environment: this.sources.environment, include })
    this.faults.push(...parsed.faults)
    const anchors = new Map([...below.anchors, ...parsed.anchors])
    if (below.root === undefined || parsed.root === undefined) return { root: parsed.root ?? below.root, anchors }
    return this.join(below.root, { root: parsed.root, anchors })
  }

  private join(base: Node, own: Tree): Tree {
    if (own.root === undefined) return { ...own, root: base }
    const replaced: Replaced = new Map()
    const root = joined(base, own.root, true, replaced)
    for (const [before, now] of replaced) retarget(now, replaced, new Set(), new Set([before]))
    retarget(root, replaced, new Set(replaced.values()), new Set())
    const anchors = new Map([...own.anchors].map(([name, node]) => [name, replaced.get(node) ?? node]))
    return { root, anchors }
  }

  private included(value: Node, from: string, open: ReadonlyArray<string>): Tree {
    const items = value.content.kind === "sequence" ? value.content.items.map(({ node }) => node) : [value]
    let all: Tree = NOTHING
    for (const item of items) {
      const next = this.one(item, from, open)
      const anchors = new Map([...all.anchors, ...next.anchors])
      all = all.root === undefined ? { root: next.root, anchors } : this.join(all.root, { root: next.root, anchors })
    }
    return all
  }

  private one(item: Node, from: string, open: ReadonlyArray<string>): Tree {
    const refuse = (problem: string): Tree => {
      this.faults.push({ at: positionOf(item), path: "include", problem })
      return NOTHING
    }
    const { content } = item
    const name = content.kind === "scalar" && content.value !== null ? content.written : ""
    if (name === "") return refuse(`expected the path of a file, or a list of paths, found ${shown(plainValue(item))}`)
    const path = resolve(name) === name ? name : join(dirname(from), name)
    const again = open.findIndex((file) => resolve(file) === resolve(path))
    if (again >= 0) return refuse(`the file includes itself: ${[...open.slice(again), path].join(" > ")}`)
    if (this.files >= MOST_FILES) return refuse(`more than ${MOST_FILES} files are included`)
    let text: string
    try {
      text = this.sources.read(path)
    } catch (cause) {
      return refuse(readProblem(path, cause))
    }
    const tree = this.file(fileText(path, text), path, open)
    if (tree.root !== undefined && tree.root.content.kind !== "mapping") {
      return refuse(`${path} holds ${shown(plainValue(tree.root))}; an included file is a mapping`)
    }
    return tree
  }
}

/** The files of this machine and the environment of this process. */
export const ownSources = (): Sources => ({
  environment: processEnvironment(),
  read: (path) => readFileSync(path, "utf8")
})

/**
 * Parses a file with the files that it includes. Faults show the file that they are in.
 *
 * @param file its path, from which paths of `include` are resolved
 */
export const parseFile = (text: string, file: string, sources: Sources = ownSources()): Parsed => {
  const reader = new Reader(sources)
  const source = fileText(file, text)
  const { anchors, root } = reader.file(source, file, [])
  if (root === undefined || reader.faults.length > 0) return { root, anchors, faults: reader.faults }
  const again = circle(root, new Set(), new Set())
  const faults =
    again === undefined
      ? checkExtent(root, source)
      : [
          {
            at: positionOf(again),
            path: "",
            problem: "refers to itself after the included file was joined with this one"
          }
        ]
  return { root, anchors, faults }
}
