/** The list of operators as data, as text for a terminal and as Markdown. It is made from the schemas that check parameters. */
import type { Documented } from "./definition.ts"
import type { AnyElement, Element } from "./element.ts"
import { expectation } from "./expectation.ts"
import { schemaOf } from "./named.ts"
import type { AnyOperator } from "./origin.ts"
import type { Param } from "./param.ts"

/** A definition that a parameter chooses by name, with its own parameters. */
export interface CatalogueChoice {
  readonly name: string
  readonly title: string
  readonly source: string | undefined
  readonly params: ReadonlyArray<CatalogueParam>
}

/** A parameter as the catalogue shows it. */
export interface CatalogueParam {
  readonly name: string
  readonly expected: string
  /** JSON of the default; `undefined` if there is none. */
  readonly fallback: string | undefined
  readonly required: boolean
  readonly description: string
  /** Set if the value chooses a definition by name. */
  readonly choices?: ReadonlyArray<CatalogueChoice> | undefined
}

/** An operator as the catalogue shows it. */
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

const choiceOf = ({ name, params = {}, source, title }: Documented): CatalogueChoice => ({
  name,
  title,
  source,
  params: Object.entries(params).map(([key, own]) => ({
    name: key,
    expected: expectation(schemaOf(own).ast),
    fallback: own.fallback === undefined ? undefined : JSON.stringify(own.fallback),
    required: own.fallback === undefined,
    description: own.about
  }))
})

/** The catalogue of some operators, in their order. */
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
      description: param.description,
      choices: param.choices?.map(choiceOf)
    }))
  }))

const defaultOf = ({ fallback, required }: CatalogueParam): string => (required ? "required" : (fallback ?? "none"))

/** Own parameters with their defaults, such as `; temperature (0.01), margin (1.2)`. */
const ownText = ({ params }: CatalogueChoice): string =>
  params.length === 0 ? "" : `; ${params.map((p) => `${p.name} (${defaultOf(p)})`).join(", ")}`

/** The catalogue as text for a terminal: one block per operator. */
export const showCatalogue = (entries: ReadonlyArray<CatalogueEntry>): string =>
  entries
    .map(({ name, about, takes, gives, params }) =>
      [
        `${name}: ${takes} -> ${gives}`,
        `  ${about}`,
        ...params.flatMap((p) => [
          `    ${p.name} (${defaultOf(p)}): ${p.expected}. ${p.description}`,
          ...(p.choices ?? []).map((one) => `      ${one.name}: ${one.title}${ownText(one)}`)
        ])
      ].join("\n")
    )
    .join("\n\n")

const cell = (text: string): string => text.replaceAll("|", "\\|")

/** The definitions that a parameter chooses from, one per row. */
const choiceTable = ({ choices, name }: CatalogueParam): ReadonlyArray<string> => {
  if (choices === undefined) return []
  const own = ({ params }: CatalogueChoice): string =>
    params
      .map((p) => `\`${p.name}\` (${p.expected}; ${p.required ? "required" : p.fallback}): ${p.description}`)
      .join("<br>")
  // Columns that every row would leave empty are left out.
  const columns = [
    { head: `\`${name}\``, of: (one: CatalogueChoice) => `\`${one.name}\`` },
    { head: "", of: (one: CatalogueChoice) => one.title },
    { head: "its own parameters (accepts; default)", of: own },
    { head: "source", of: (one: CatalogueChoice) => one.source ?? "" }
  ].filter(({ of }) => choices.some((one) => of(one) !== ""))
  const row = (cells: ReadonlyArray<string>) => `| ${cells.map(cell).join(" | ")} |`
  return [
    "",
    row(columns.map(({ head }) => head)),
    `|${":--|".repeat(columns.length)}`,
    ...choices.map((one) => row(columns.map(({ of }) => of(one))))
  ]
}

const valueCell = (param: CatalogueParam): string =>
  param.required ? "required" : param.fallback === undefined ? "" : `\`${param.fallback}\``

/**
 * Markdown of one operator: what it does, what it takes and gives, a table of its parameters.
 *
 * @param level of its heading; 1 for a page of its own
 */
export const operatorMarkdown = ({ name, about, takes, gives, params }: CatalogueEntry, level = 1): string => {
  const rows = params.map((p) =>
    ["", `\`${p.name}\``, cell(p.description), cell(p.expected), cell(valueCell(p)), ""].join(" | ").trim()
  )
  const table = rows.length === 0 ? [] : ["", "| parameter | | accepts | default |", "|:--|:--|:--|:--|", ...rows]
  const choices = params.flatMap((p) => choiceTable(p))
  return [`${"#".repeat(level)} ${name}`, "", about, "", `*${takes}* → *${gives}*`, ...table, ...choices].join("\n")
}

/** Text of `docs/operators.md`: all operators on one page. */
export const catalogueMarkdown = (entries: ReadonlyArray<CatalogueEntry>): string => {
  const intro = [
    "# Operators",
    "",
    "Made from the operators themselves by `npm run docs`; do not edit. In a terminal: `npx tsx src/experiments/run.ts --operators`.",
    "",
    entries.map(({ name }) => `[${name}](#${name})`).join(" · ")
  ].join("\n")
  return `${[intro, ...entries.map((entry) => operatorMarkdown(entry, 2))].join("\n\n")}\n`
}
