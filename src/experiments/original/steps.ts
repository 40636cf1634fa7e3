/** Steps of our pipelines, as plain data and as the text of a file. */
import { flowText } from "../../pipeline/print.ts"

/** One step: the operator's name and its parameters. Parameters that are `undefined` are not written. */
export type WrittenStep = readonly [operator: string, params?: Readonly<Record<string, unknown>>]

/** A file of ours. */
export interface Written {
  readonly settings: Readonly<Record<string, unknown>>
  readonly pipelines: Readonly<Record<string, ReadonlyArray<WrittenStep>>>
  /** One sentence for each key of the original's file that has no effect or another one here. */
  readonly notes: ReadonlyArray<string>
}

const entry = ([key, value]: readonly [string, unknown]): string => `${key}: ${flowText(value)}`

const given = (record: Readonly<Record<string, unknown>>) =>
  Object.entries(record).filter(([, value]) => value !== undefined)

const stepLine = ([operator, params = {}]: WrittenStep): string => {
  const all = given(params)
  return all.length === 0 ? `    - ${operator}` : `    - ${operator}: { ${all.map(entry).join(", ")} }`
}

/** Returns the file as YAML: settings, then pipelines with one step per line. */
export const fileText = ({ notes, pipelines, settings }: Written): string =>
  [
    ...notes.map((note) => `# ${note}`),
    ...given(settings).map(entry),
    "",
    "pipelines:",
    ...Object.entries(pipelines).flatMap(([name, steps]) => [`  ${name}:`, ...steps.map(stepLine)]),
    ""
  ].join("\n")
