/** The plan of a run: a configuration after reading and checking. */
import { readFileSync } from "node:fs"
import { basename, extname, join } from "node:path"
import { Result } from "effect"
import { ConfigError } from "../../pipeline/fault.ts"
import { type Loaded, load } from "../../pipeline/load.ts"
import type { AnyPipeline } from "../../pipeline/pipeline.ts"
import { flowText, hash, print, toJson } from "../../pipeline/print.ts"
import { parseFile } from "../../pipeline/yaml/include.ts"
import type { Parsed } from "../../pipeline/yaml/parse.ts"
import * as every from "../operators.ts"
import { type Translation, translate } from "../original/translate.ts"
import { RunError } from "../run-error.ts"
import { disagreements } from "./agreement.ts"
import type { Configuration } from "./configuration.ts"
import { settings } from "./settings.ts"

/** Every operator, by name. */
const operators = Object.values(every).sort((a, b) => (a.name < b.name ? -1 : 1))

/** The language of configuration files: top-level settings, operators, and the settings that operators inherit. */
export const language = { settings, operators, inherited: ["compat"] } as const
/** A loaded configuration file. */
export type Experiment = Loaded<typeof settings, typeof operators>

/** A configuration with everything that its run needs. */
export interface Plan {
  readonly file: string
  readonly experiment: string
  readonly loaded: Experiment
  readonly configuration: Configuration
  /** The run folder, unless the command names another one. */
  readonly folder: string
  /** Set if the file has the form of the original. */
  readonly translation: Translation | undefined
}

const readConfig = (file: string): string => {
  try {
    return readFileSync(file, "utf8")
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    const problem = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "is a folder" : "cannot be read"
    throw new RunError({
      subject: file,
      problem,
      remedy: "Give the path of a YAML configuration, such as configs/quickstart.yaml",
      cause
    })
  }
}

/** A configuration file that was read, in whatever form it is. */
export interface ConfigFile {
  readonly file: string
  readonly text: string
  readonly parsed: Parsed
}

/**
 * Reads a configuration file, which may still have faults.
 *
 * @throws RunError for a file that cannot be read
 */
export const readConfigFile = (file: string): ConfigFile => {
  const text = readConfig(file)
  return { file, text, parsed: parseFile(text, file) }
}

/**
 * Reads and checks a configuration file.
 *
 * @param set values of `--set`
 * @throws RunError for a file that cannot be read, ConfigError for one with faults
 */
export const makePlan = (file: string, set: ReadonlyArray<string>): Plan => planOfFile(readConfigFile(file), set)

/**
 * Checks a configuration file. Values of `--set` change what was parsed.
 *
 * @throws ConfigError for a file with faults
 */
export const planOfFile = ({ file, parsed, text }: ConfigFile, set: ReadonlyArray<string>): Plan => {
  const translation = Result.getOrThrow(translate(text, file, set, parsed))
  const loaded = Result.getOrThrow(
    translation === undefined
      ? load(text, file, language, { set, parsed })
      : load(translation.text, `${file} as translated`, language)
  )
  return planOf(loaded, file, translation)
}

/**
 * The plan of a loaded configuration.
 *
 * @throws ConfigError for pipelines that contradict each other, and for an experiment that cannot name a folder
 */
export const planOf = (loaded: Experiment, file: string, translation: Translation | undefined): Plan => {
  const faults = disagreements(loaded.pipelines as ReadonlyMap<string, AnyPipeline>)
  if (faults.length > 0) throw new ConfigError({ faults })
  const { device: _, threads: __, graph: ___, fresh: ____, range: _____, experiment, ...fixed } = loaded.settings
  const name = experiment ?? basename(file, extname(file))
  if (/[/\\]|^\.{1,2}$/.test(name)) {
    throw new ConfigError({
      faults: [
        {
          at: { file, line: 0, column: 0 },
          path: "experiment",
          problem: `expected a name without slashes, found "${name}"`
        }
      ]
    })
  }
  const pipelines = Object.fromEntries([...loaded.pipelines].map(([key, pipeline]) => [key, toJson(pipeline)]))
  // Device, threads and graphs do not change the experiment: a run may continue with others, with a note. Nor do `fresh` and
  // `range`.
  const configuration = { settings: { ...fixed, experiment: name }, pipelines }
  const folder = translation?.folder ?? join("outputs", name)
  return { file, experiment: name, loaded, configuration, folder, translation }
}

/** The plan as `--check` prints it: all values resolved, pipelines in the order of the run. The text is itself a valid file. */
export const showPlan = ({ experiment, file, folder, loaded, translation }: Plan): string => {
  const names = new Map([...loaded.pipelines].map(([name, pipeline]) => [pipeline as AnyPipeline, name]))
  const parts = [...loaded.pipelines].map(([name, pipeline]) => {
    const note = loaded.inner.has(name) ? ", run by another pipeline, not by itself" : ""
    return `  ${name}:  # ${hash(pipeline)}${note}\n${print(pipeline, "    ", (inner) => names.get(inner))}`
  })
  const top = Object.entries({ ...loaded.settings, experiment })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${flowText(value)}`)
  const form = translation === undefined ? [] : [`# Translated from the original's form; runs in ${folder}`]
  const notes = (translation?.notes ?? []).map((note) => `# ${note}`)
  return [`# ${file}: valid`, ...form, ...notes, ...top, "", "pipelines:", ...parts].join("\n")
}
