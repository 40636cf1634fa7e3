/** Reads a configuration: from YAML text to settings and pipelines, or to all of its faults. Nothing runs yet. */
import { Result } from "effect"
import type { AnyElement } from "./element.ts"
import { ConfigError, type Fault, inOrder } from "./fault.ts"
import type { AnyOperator } from "./origin.ts"
import type { Decoded, Params } from "./param.ts"
import type { Pipeline } from "./pipeline.ts"
import { applySettings } from "./yaml/edit.ts"
import { Faults } from "./yaml/faults.ts"
import { ownSources, parseFile, type Sources } from "./yaml/include.ts"
import type { Parsed } from "./yaml/parse.ts"
import { readPipelines } from "./yaml/pipelines.ts"
import { SECTIONS } from "./yaml/sections.ts"
import { readSettings } from "./yaml/settings.ts"
import type { Inherited } from "./yaml/step.ts"
import { fileText } from "./yaml/text.ts"

type Typed = AnyOperator & { readonly "~E": unknown; readonly "~R": unknown }
/** Errors that the operators of a list can fail with. */
export type ErrorsOf<Ops extends ReadonlyArray<Typed>> = Ops[number]["~E"]
/** Services that the operators of a list need. */
export type ServicesOf<Ops extends ReadonlyArray<Typed>> = Ops[number]["~R"]

/** The names that a file may use: settings at its top level, operators in its pipelines. */
export interface Language<S extends Params, Ops extends ReadonlyArray<Typed>> {
  readonly settings: S
  readonly operators: Ops
  /** Settings that, if the file gives them, are the default of the parameter of the same name in every step. */
  readonly inherited?: ReadonlyArray<keyof S & string>
}

/** A configuration without faults. */
export interface Loaded<S extends Params, Ops extends ReadonlyArray<Typed>> {
  readonly settings: Decoded<S>
  /** In the order of the file, including pipelines that another one runs. */
  readonly pipelines: ReadonlyMap<string, Pipeline<AnyElement, ErrorsOf<Ops>, ServicesOf<Ops>>>
  /** Names of the pipelines that another one runs. They do not run on their own. */
  readonly inner: ReadonlySet<string>
}

/** Options of `load`. */
export interface LoadOptions {
  /** Edits in the form `path=value`, see `yaml/edit.ts`. */
  readonly set?: ReadonlyArray<string>
  /** Where `include` and `${NAME}` look; by default this machine's files and the environment of this process. */
  readonly sources?: Sources
  /** The text as `parseFile` read it, if that has happened before. Edits change it. */
  readonly parsed?: Parsed
}

const inheritedOf = (settings: Readonly<Record<string, unknown>>, names: ReadonlyArray<string>): Inherited =>
  new Map(names.flatMap((name) => (settings[name] === undefined ? [] : [[name, settings[name]] as const])))

/**
 * Loads a configuration: settings at the top, `define` for anchored values, `pipelines`, and files that it includes.
 *
 * @param text YAML
 * @param file path of the file, for messages and for `include`
 * @returns settings and pipelines, or a `ConfigError` with every fault: a syntax error alone, all others together, each
 *   with file, line, column, key path, the expected value and the nearest valid name
 *
 * @example
 * const result = load("sede: 3\npipelines: {}\n", "a.yaml", { settings: {}, operators: [] })
 * const [first] = result.failure.message.split("\n")
 * first // => "a.yaml:1:1: sede: unknown key; there is `define`, `pipelines`"
 */
export const load = <const S extends Params, const Ops extends ReadonlyArray<Typed>>(
  text: string,
  file: string,
  language: Language<S, Ops>,
  options: LoadOptions = {}
): Result.Result<Loaded<S, Ops>, ConfigError> => {
  const refuse = (faults: ReadonlyArray<Fault>) => Result.fail(new ConfigError({ faults: inOrder(faults) }))
  const sources = options.sources ?? ownSources()
  const parsed = options.parsed ?? parseFile(text, file, sources)
  if (parsed.faults.length > 0) return refuse(parsed.faults)
  if (parsed.root === undefined) {
    return refuse([{ at: fileText(file, text).position(0), path: "", problem: "is empty: there is nothing to run" }])
  }
  const faults = new Faults()
  const known = [...Object.keys(language.settings), ...SECTIONS]
  faults.all.push(...applySettings(parsed.root, options.set ?? [], known, sources.environment))
  faults.awaiting(parsed.root, known)
  const settings = readSettings(parsed.root, language.settings, faults)
  const inherited = inheritedOf(settings, language.inherited ?? [])
  const { pipelines, inner } = readPipelines(parsed.root, language.operators, faults, inherited)
  if (faults.all.length > 0) return refuse(faults.all)
  return Result.succeed({ settings, pipelines: pipelines as Loaded<S, Ops>["pipelines"], inner })
}
