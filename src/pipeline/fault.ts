import { Data } from "effect"
import { grouped } from "./words.ts"

/** A place in a text: a file's line and column (from 1), or a `--set` on the command line. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** `file:line:column`, or the `--set` text alone. */
export const showPosition = (at: Position): string => (at.line === 0 ? at.file : `${at.file}:${at.line}:${at.column}`)

/** One fault of a configuration. */
export interface Fault {
  readonly at: Position | undefined
  /** Key path, such as `pipelines.test.batch.size`; empty for the whole file. */
  readonly path: string
  /** The problem: what was expected, what was found and, if there is one, the nearest valid name. */
  readonly problem: string
}

/** A path as a message shows it. */
const shortPath = (path: string): string => (path.length > 200 ? `${path.slice(0, 197)}...` : path)

/**
 * A fault in one line.
 *
 * @example
 * showFault({ at: { file: "a.yaml", line: 2, column: 3 }, path: "sede", problem: "unknown key" }) // => "a.yaml:2:3: sede: unknown key"
 */
export const showFault = ({ at, path, problem }: Fault): string =>
  [at === undefined ? "" : showPosition(at), shortPath(path), problem].filter((part) => part !== "").join(": ")

/** Faults that a message lists. */
const LISTED = 100

/** All faults of a configuration, found before anything runs; one line per fault, in the order of the file. */
export class ConfigError extends Data.TaggedError("ConfigError")<{ readonly faults: ReadonlyArray<Fault> }> {
  override get message(): string {
    const more = this.faults.length - LISTED
    return [...this.faults.slice(0, LISTED).map(showFault), ...(more > 0 ? [`and ${grouped(more)} more`] : [])].join(
      "\n"
    )
  }
}

/** Sorts faults by file, and by their place in it. Of several faults at one path and place, the first is kept. */
export const inOrder = (faults: ReadonlyArray<Fault>): ReadonlyArray<Fault> => {
  const seen = new Set<string>()
  const kept = faults.filter((fault) => {
    const key = `${fault.path}|${fault.at === undefined ? fault.problem : showPosition(fault.at)}`
    return seen.has(key) ? false : seen.add(key)
  })
  const placed = kept.filter(({ at }) => at !== undefined && at.line > 0)
  const files = [...new Set(placed.map(({ at }) => at?.file))]
  const rank = ({ at }: Fault) => (at === undefined || at.line === 0 ? -1 : files.indexOf(at.file))
  const within = ({ at }: Fault) => (at === undefined ? 0 : at.line * 1e6 + at.column)
  return kept.sort((a, b) => rank(a) - rank(b) || within(a) - within(b))
}
