/** The command `init FOLDER [--to FILE]`. */
import { Console, Effect, Option } from "effect"
import { Argument, Command } from "effect/cli"
import { printableLines } from "../../pipeline/words.ts"
import { initFacts, PROGRAM } from "../command/command-line.ts"
import { flagsOf } from "../command/flags.ts"
import { RunError } from "../run-error.ts"
import { init } from "./init.ts"

const options = {
  folder: Argument.String(initFacts.argument.name).pipe(
    Argument.withDescription(initFacts.argument.about),
    Argument.optional
  ),
  ...flagsOf(initFacts.options)
}

/** Faults of the folder are bad input, not a failed run. */
const asInput = (fault: Error & { readonly subject: string; readonly problem: string; readonly remedy: string }) =>
  fault instanceof RunError
    ? fault
    : new RunError({ subject: fault.subject, problem: fault.problem, remedy: fault.remedy, cause: fault })

/** Writes a configuration for a folder. */
export const initCommand = Command.make("init", options, ({ folder, to }) =>
  Effect.gen(function* () {
    const at = Option.getOrElse(folder, () => ".")
    const { file, text } = yield* Effect.mapError(init(at, Option.getOrUndefined(to), PROGRAM), asInput)
    const found = text.split("\n").filter((line) => line.startsWith("#"))
    yield* Console.log(printableLines([...found.map((line) => line.slice(2)), "", `Written: ${file}`].join("\n")))
  })
).pipe(Command.withDescription(initFacts.about))
