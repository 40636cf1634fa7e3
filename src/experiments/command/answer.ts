/**
 * Answers `--help`, `--version` and `--completions` before the operators and Effect are loaded, which takes most of a
 * second.
 */
import { version } from "../../ops/version.ts"
import { holdsPassword } from "../../pipeline/secrets.ts"
import { writeText } from "../../pipeline/write-text.ts"
import { PROGRAM, SHELLS, subcommands } from "./command-line.ts"
import { completionScript } from "./completions.ts"
import { helpText } from "./help.ts"

/** An answer to a command line: a text for standard output, or a complaint. */
export type Answer = { readonly text: string } | { readonly complaint: string }

const completions = (given: string | undefined): Answer => {
  const script = given === undefined ? undefined : completionScript(given)
  if (script !== undefined) return { text: script }
  const problem = given === undefined ? "the name of a shell is missing" : `\`${given}\` is not a known shell`
  return { complaint: `--completions: ${problem}. Give one of ${SHELLS.join(", ")}.` }
}

/**
 * The complaint about arguments that hold a password: they are visible to other users, and would be printed in messages.
 *
 * @example
 * passwordIn(["config.yaml", "--cluster"]) // => undefined
 */
export const passwordIn = (args: ReadonlyArray<string>): Answer | undefined =>
  args.some(holdsPassword)
    ? {
        complaint:
          "An argument holds an address with a password, and all users of this machine can see arguments. Change this password, and put the address into the variable ORBITRANK_CLUSTER or into the private file that ORBITRANK_CLUSTER_FILE names."
      }
    : undefined

/**
 * The answer to a command line that asks about the program itself, or that holds a password.
 *
 * @returns undefined if it asks for work
 *
 * @example
 * answerTo(["configs/quickstart.yaml"]) // => undefined
 * answerTo(["--completions", "tcsh"]).complaint // => "--completions: `tcsh` is not a known shell. Give one of bash, zsh, fish."
 */
export const answerTo = (args: ReadonlyArray<string>): Answer | undefined => {
  const refused = passwordIn(args)
  if (refused !== undefined) return refused
  const end = args.indexOf("--")
  const given = end < 0 ? args : args.slice(0, end)
  if (given.includes("--help") || given.includes("-h")) {
    return { text: helpText(Object.hasOwn(subcommands, given[0]) ? given[0] : undefined) }
  }
  if (given.includes("--version") || given.includes("-v")) return { text: `orbitrank ${version}` }
  const at = given.findIndex((arg) => arg === "--completions" || arg.startsWith("--completions="))
  if (at < 0) return undefined
  return completions(given[at].includes("=") ? given[at].slice("--completions=".length) : given[at + 1])
}

/** Writes an answer, and sets the exit code of the program. */
export const give = async (answer: Answer): Promise<void> => {
  if ("complaint" in answer) {
    process.exitCode = 2
    await writeText(process.stderr, `${answer.complaint}\nSee \`${PROGRAM} --help\`.\n`)
    return
  }
  const cause = await writeText(process.stdout, `${answer.text}\n`)
  if (cause === undefined) return
  const { outputFault } = await import("../../pipeline/output.ts")
  const fault = outputFault(cause)
  if (fault === undefined) return
  process.exitCode = 1
  await writeText(process.stderr, `${fault.message}\n`)
}
