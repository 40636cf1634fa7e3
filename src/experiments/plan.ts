/** A configuration, read and checked: what will run, in which order, where. */
import { readFileSync } from "node:fs"
import { basename, extname } from "node:path"
import { Result } from "effect"
import { ConfigError } from "../pipeline/fault.ts"
import { type Loaded, load } from "../pipeline/load.ts"
import { type AnyPipeline, hash, print, toJson } from "../pipeline/pipeline.ts"
import { RunError } from "./errors.ts"
import { operators } from "./operators.ts"
import type { Configuration } from "./record.ts"
import { settings } from "./settings.ts"

export const language = { settings, operators, inherited: ["compat"] } as const
export type Experiment = Loaded<typeof settings, typeof operators>

export interface Plan {
  readonly file: string
  readonly experiment: string
  readonly loaded: Experiment
  readonly configuration: Configuration
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

/** @throws RunError for a file that cannot be read, ConfigError for one that is wrong */
export const makePlan = (file: string, set: ReadonlyArray<string>): Plan => {
  const loaded = Result.getOrThrow(load(readConfig(file), file, language, { set }))
  const { device: _, threads: __, fresh: ___, experiment, ...fixed } = loaded.settings
  const name = experiment ?? basename(file, extname(file))
  if (/[/\\]|^\.{1,2}$/.test(name)) {
    throw new ConfigError({
      faults: [{ at: undefined, path: "experiment", problem: `expected a name without slashes, found "${name}"` }]
    })
  }
  const pipelines = Object.fromEntries([...loaded.pipelines].map(([key, pipeline]) => [key, toJson(pipeline)]))
  // Device and threads are not part of what is run: a run may go on with others, and then says so. Nor is `fresh`.
  return { file, experiment: name, loaded, configuration: { settings: { ...fixed, experiment: name }, pipelines } }
}

/** The plan as `--check` prints it: all values resolved, pipelines in the order they run. */
export const showPlan = ({ experiment, file, loaded }: Plan): string => {
  const names = new Map([...loaded.pipelines].map(([name, pipeline]) => [pipeline as AnyPipeline, name]))
  const parts = [...loaded.pipelines].map(([name, pipeline]) => {
    const note = loaded.inner.has(name) ? ", run by another pipeline, not by itself" : ""
    return `  ${name}:  # ${hash(pipeline)}${note}\n${print(pipeline, "    ", (inner) => names.get(inner))}`
  })
  const top = Object.entries({ ...loaded.settings, experiment })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${Array.isArray(value) ? `[${value.join(", ")}]` : value}`)
  return [`# ${file}: valid`, ...top, "", "pipelines:", ...parts].join("\n")
}
