/** The list of operators, made from the schemas that also check them: as data, as text for a terminal, as Markdown. */
import type { AnyElement, Element } from "./element.ts"
import { expectation } from "./expectation.ts"
import type { AnyOperator } from "./origin.ts"
import type { Param } from "./param.ts"

export interface CatalogueParam {
  readonly name: string
  readonly expected: string
  /** JSON of the default; `undefined` where the parameter is required. */
  readonly fallback: string | undefined
  readonly required: boolean
  readonly description: string
}

export interface CatalogueEntry {
  readonly name: string
  readonly about: string
  readonly takes: string
  readonly gives: string
  readonly params: ReadonlyArray<CatalogueParam>
}

const plural = (end: Element<AnyElement> | "any" | undefined): string =>
  end === undefined ? "nothing" : end === "any" ? "anything" : end.plural

const expected = ({ schema, gives }: Param<unknown>): string =>
  gives !== undefined
    ? `the name of a pipeline that gives ${gives.plural}`
    : schema === undefined
      ? "anything"
      : expectation(schema.ast)

export const catalogue = (operators: ReadonlyArray<AnyOperator>): ReadonlyArray<CatalogueEntry> =>
  operators.map((operator) => ({
    name: operator.name,
    about: operator.about,
    takes: plural(operator.from),
    gives: operator.to === "any" ? "the same" : plural(operator.to),
    params: Object.entries(operator.params).map(([name, param]) => ({
      name,
      expected: expected(param),
      fallback: param.fallback === undefined ? undefined : JSON.stringify(param.fallback),
      required: param.required,
      description: param.description
    }))
  }))

const defaultOf = ({ fallback, required }: CatalogueParam): string => (required ? "required" : (fallback ?? "none"))

/** For a terminal: one block an operator. */
export const showCatalogue = (entries: ReadonlyArray<CatalogueEntry>): string =>
  entries
    .map(({ name, about, takes, gives, params }) =>
      [
        `${name}: ${takes} -> ${gives}`,
        `  ${about}`,
        ...params.map((p) => `    ${p.name} (${defaultOf(p)}): ${p.expected}. ${p.description}`)
      ].join("\n")
    )
    .join("\n\n")

const cell = (text: string): string => text.replaceAll("|", "\\|")

/** For `docs/operators.md`. */
export const catalogueMarkdown = (entries: ReadonlyArray<CatalogueEntry>): string => {
  const section = ({ name, about, takes, gives, params }: CatalogueEntry) => {
    const rows = params.map(
      (p) =>
        `| \`${p.name}\` | ${cell(p.expected)} | ${cell(p.required ? "required" : p.fallback === undefined ? "" : `\`${p.fallback}\``)} | ${cell(p.description)} |`
    )
    const table = rows.length === 0 ? [] : ["", "| parameter | accepts | default | |", "|:--|:--|:--|:--|", ...rows]
    return [`## ${name}`, "", about, "", `*${takes}* → *${gives}*`, ...table].join("\n")
  }
  const intro = [
    "# Operators",
    "",
    "Made from the operators themselves by `npm run docs`; do not edit. In a terminal: `npx tsx src/experiments/run.ts --operators`.",
    "",
    entries.map(({ name }) => `[${name}](#${name})`).join(" · ")
  ].join("\n")
  return `${[intro, ...entries.map(section)].join("\n\n")}\n`
}
