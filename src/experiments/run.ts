/** `npx tsx src/experiments/run.ts CONFIG`: the edge of the program, the one place where effects are run. */

import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Effect } from "effect"
import { CliConfig, type CliError, Command, GlobalFlag } from "effect/cli"
import { ConfigError } from "../pipeline/fault.ts"
import { EXIT, runMain } from "../pipeline/main.ts"
import { command } from "./cli.ts"
import { RunError } from "./errors.ts"
import { StepError } from "./runner.ts"
import { versions } from "./versions.ts"

const isUsage = (error: unknown): error is CliError.ShowHelp =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "ShowHelp"

/** One clear message on standard error, and the code that goes with it. */
const report = (cause: Cause.Cause<unknown>): Effect.Effect<number> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.succeed(EXIT.interrupted)
  const error = Cause.squash(cause)
  if (isUsage(error)) {
    const text = error.errors.map((one) => one.message).join("\n")
    return Effect.as(Console.error(`${text}\nSee \`npx tsx src/experiments/run.ts --help\`.`), EXIT.badInput)
  }
  const badInput = error instanceof ConfigError || (error instanceof RunError && !(error instanceof StepError))
  const message = error instanceof Error && "_tag" in error ? error.message : Cause.pretty(cause)
  return Effect.as(Console.error(message), badInput ? EXIT.badInput : EXIT.failed)
}

const program = Command.runWith(command, { version: versions.orbitrank, renderErrors: false })(
  process.argv.slice(2)
).pipe(
  Effect.provide(CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] })),
  Effect.provide(NodeServices.layer),
  Effect.matchCauseEffect({ onFailure: report, onSuccess: () => Effect.succeed<number>(EXIT.done) })
)

runMain(program)
