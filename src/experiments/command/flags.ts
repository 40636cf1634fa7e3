/** Parsers of options, from their facts. */
import type { Option } from "effect"
import { Flag } from "effect/cli"
import type { OptionFacts } from "./command-line.ts"

type FlagOf<Facts extends OptionFacts> = Facts extends { readonly kind: "switch" }
  ? Flag.Flag<boolean>
  : Facts extends { readonly kind: "repeated" }
    ? Flag.Flag<ReadonlyArray<string>>
    : Flag.Flag<Option.Option<string>>

const flagOf = (name: string, facts: OptionFacts): Flag.Flag<unknown> => {
  if (facts.kind === "switch") return Flag.Boolean(name).pipe(Flag.withDefault(false))
  const text = Flag.String(name).pipe(Flag.withMetavar(facts.value))
  return facts.kind === "repeated" ? Flag.atLeast(text, 0) : Flag.optional(text)
}

/** The parser of every option: a boolean, an optional text, or a list of texts. */
export const flagsOf = <const Options extends Readonly<Record<string, OptionFacts>>>(
  options: Options
): { readonly [Name in keyof Options]: FlagOf<Options[Name]> } =>
  Object.fromEntries(Object.entries(options).map(([name, facts]) => [name, flagOf(name, facts)])) as never
