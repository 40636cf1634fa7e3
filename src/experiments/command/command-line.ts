/**
 * The command line as data: its parser, its help and the completions of shells are made from this. Loads nothing, so that
 * help appears at once.
 */

/** A file ending in `.ts` runs in a clone, by tsx; one ending in `.js` in an installed package. */
const isClone = import.meta.url.endsWith(".ts")

/** The command as the user types it. */
export const PROGRAM = isClone ? "npx tsx src/experiments/run.ts" : "npx orbitrank"

/** The command of a worker. */
export const WORKER = isClone
  ? "npx tsx src/experiments/worker.ts"
  : "node node_modules/orbitrank/dist/experiments/worker.js"

/** An option: a switch, an option with a value, or one with a value that may be repeated. */
export type OptionFacts = { readonly about: string } & (
  | { readonly kind: "switch" }
  | {
      readonly kind: "value" | "repeated"
      /** Placeholder of the value in the help. */
      readonly value: string
      /** Values that shells offer: files, folders, or these words. */
      readonly offers?: "files" | "folders" | ReadonlyArray<string>
    }
)

/** A command: what it does, its one argument, and its options by name. */
export interface CommandFacts<Options extends Readonly<Record<string, OptionFacts>>> {
  readonly about: string
  readonly argument: { readonly name: string; readonly about: string; readonly offers: "files" | "folders" }
  readonly options: Options
}

const command = <const Options extends Readonly<Record<string, OptionFacts>>>(facts: CommandFacts<Options>) => facts

/** The command that runs an experiment. */
export const runCommand = command({
  about: "Runs an experiment: the pipelines of a YAML file, in order.",
  argument: { name: "config", about: "A YAML file, such as configs/quickstart.yaml", offers: "files" },
  options: {
    check: { kind: "switch", about: "Validate the file and print the plan, with every default filled in" },
    operators: { kind: "switch", about: "List all operators with their parameters" },
    set: {
      kind: "repeated",
      value: "path=value",
      about: "Change a value of the file, as in trained.batch.size=32; may be repeated"
    },
    only: { kind: "value", value: "pipeline", about: "Run only this pipeline" },
    out: { kind: "value", value: "folder", about: "Run folder; outputs/NAME by default", offers: "folders" },
    fresh: {
      kind: "switch",
      about: "Remove the files of an earlier run from the run folder, and start from scratch"
    },
    processes: {
      kind: "value",
      value: "number",
      about:
        "Divide patches and queries, or the cells of a sweep, among this number of processes; the results are the same"
    },
    cluster: {
      kind: "switch",
      about:
        "Like --processes, but among workers on other machines; ORBITRANK_CLUSTER holds the address of the database"
    },
    "any-engine": {
      kind: "switch",
      about: "With --cluster: also use workers with other tensor engines; last digits may differ"
    },
    stage: {
      kind: "value",
      value: "folder",
      about: "Local folder into which stores on a slow network disk are copied before they are read",
      offers: "folders"
    },
    json: { kind: "switch", about: "Print the run record as JSON at the end" }
  }
})

/** The command that writes a configuration. */
export const initFacts = command({
  about: "Inspects a folder and writes a commented configuration for it.",
  argument: {
    name: "folder",
    about: "An archive, a folder of pictures, or a store; by default the current folder",
    offers: "folders"
  },
  options: { to: { kind: "value", value: "file", about: "The file to write; NAME.yaml by default", offers: "files" } }
})

/** Commands behind a word, as in `orbitrank WORD ...`. */
export const subcommands: Readonly<Record<string, CommandFacts<Readonly<Record<string, OptionFacts>>>>> = {
  init: initFacts
}

/** Shells whose completions can be printed. */
export const SHELLS = ["bash", "zsh", "fish"] as const
export type Shell = (typeof SHELLS)[number]

/** Options of every command, which are answered before anything is loaded. */
export const answered = {
  help: { kind: "switch", about: "Print this help" },
  version: { kind: "switch", about: "Print the version" },
  completions: {
    kind: "value",
    value: "shell",
    offers: SHELLS,
    about: `Print the completions of a shell: ${SHELLS.join(", ")}`
  }
} as const satisfies Readonly<Record<string, OptionFacts>>
