import { Data } from "effect"

/** A place in a text: a file's line and column (from 1), or a `--set` on the command line. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** `file:line:column`, or the `--set` text alone. */
export const showPosition = (at: Position): string => (at.line === 0 ? at.file : `${at.file}:${at.line}:${at.column}`)

/** One thing that is wrong with a configuration. */
export interface Fault {
  readonly at: Position | undefined
  /** Key path, such as `pipelines.test.batch.size`; empty for the whole file. */
  readonly path: string
  /** What is wrong, what was expected and, where there is one, the nearest valid name. */
  readonly problem: string
}

export const showFault = ({ at, path, problem }: Fault): string =>
  [at === undefined ? "" : showPosition(at), path, problem].filter((part) => part !== "").join(": ")

/** Everything that is wrong with a configuration, found before anything runs; one line a fault, in the file's order. */
export class ConfigError extends Data.TaggedError("ConfigError")<{ readonly faults: ReadonlyArray<Fault> }> {
  override get message(): string {
    return this.faults.map(showFault).join("\n")
  }
}

/** Faults in the order of their text; equal ones once, and only the first of a path. */
export const inOrder = (faults: ReadonlyArray<Fault>): ReadonlyArray<Fault> => {
  const seen = new Set<string>()
  const kept = faults.filter((fault) => {
    const key = `${fault.path}|${fault.at === undefined ? fault.problem : showPosition(fault.at)}`
    return seen.has(key) ? false : seen.add(key)
  })
  const rank = (fault: Fault) => (fault.at === undefined ? 0 : fault.at.line * 1e6 + fault.at.column)
  return kept.sort((a, b) => rank(a) - rank(b))
}
