import type { Misfit } from "../check.ts"
import type { Fault } from "../fault.ts"
import { type Entry, entriesOf, find, locate, type Node, positionOf } from "./tree.ts"

/** Empty entries of `define`, by the node that their aliases refer to. */
const emptyEntries = (root: Node): ReadonlyMap<Node, Entry> => {
  const content = find(root, ["define"])?.node.content
  const entries = content?.kind === "mapping" ? entriesOf(content) : []
  return new Map(
    entries
      .filter(({ node }) => node.content.kind === "scalar" && node.content.value === null)
      .map((entry) => [entry.node, entry])
  )
}

/** Collects the faults of one file, each with its place in the text. */
export class Faults {
  readonly all: Array<Fault> = []
  private empty: ReadonlyMap<Node, Entry> = new Map()
  private known: ReadonlyArray<string> = []

  /**
   * Makes faults of values that a file leaves to `--set` mention that option.
   *
   * @param root after all `--set`
   * @param known the top-level keys of the file's form, which `--set` takes before those of `define`
   */
  awaiting(root: Node, known: ReadonlyArray<string>): void {
    this.empty = emptyEntries(root)
    this.known = known
  }

  at(node: Node, path: ReadonlyArray<string>, problem: string): void {
    this.all.push({ at: positionOf(node), path: path.join("."), problem })
  }

  /** Adds the misfits of the value of a node at a path. */
  misfits(node: Node, path: ReadonlyArray<string>, found: ReadonlyArray<Misfit>): void {
    for (const misfit of found) {
      const where = [...path, ...misfit.path].join(".")
      const defined = this.empty.get(find(node, misfit.path)?.node ?? node)
      if (defined === undefined) {
        this.all.push({ at: locate(node, misfit.path, misfit.key), path: where, problem: misfit.problem })
        continue
      }
      const { at, key } = defined
      const option = this.known.includes(key) ? `define.${key}` : key
      this.all.push({ at, path: where, problem: `${misfit.problem}; give it with \`--set ${option}=…\`` })
    }
  }
}
