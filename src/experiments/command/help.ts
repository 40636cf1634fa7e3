/** The text of `--help`. */
import { answered, type CommandFacts, type OptionFacts, PROGRAM, runCommand, subcommands } from "./command-line.ts"

type Facts = CommandFacts<Readonly<Record<string, OptionFacts>>>

const columns = (rows: ReadonlyArray<readonly [string, string]>): ReadonlyArray<string> => {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`)
}

const optionRow = ([name, facts]: readonly [string, OptionFacts]): readonly [string, string] => [
  facts.kind === "switch" ? `--${name}` : `--${name} ${facts.value}`,
  facts.about
]

/**
 * The help of a command.
 *
 * @param word the subcommand; undefined for the command itself
 */
export const helpText = (word?: string): string => {
  const facts: Facts = word === undefined ? runCommand : subcommands[word]
  const { about, argument, options } = facts
  const others = Object.entries(subcommands).map(([name, { about }]) => [name, about] as const)
  const section = (title: string, rows: ReadonlyArray<readonly [string, string]>): ReadonlyArray<string> =>
    rows.length === 0 ? [] : ["", title, ...columns(rows)]
  return [
    about,
    "",
    `Usage: ${PROGRAM}${word === undefined ? "" : ` ${word}`} [${argument.name}] [options]`,
    ...section("Argument:", [[argument.name, argument.about]]),
    ...section("Options:", [...Object.entries(options), ...Object.entries(answered)].map(optionRow)),
    ...(word === undefined ? section("Other commands:", others) : [])
  ].join("\n")
}
