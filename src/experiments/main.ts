/** The program that `run.ts` starts: the edge of the program, and the only place where effects are run. */
import { Effect } from "effect"
import { CliConfig, Command } from "effect/cli"
import { ConfigError } from "../pipeline/fault.ts"
import { runMain, toExit } from "../pipeline/main.ts"
import { nodeServices } from "../pipeline/node-services.ts"
import { command } from "./command/cli.ts"
import { PROGRAM } from "./command/command-line.ts"
import { versions } from "./command/versions.ts"
import { RunError } from "./run-error.ts"
import { StepError } from "./step-error.ts"

const badInput = (error: unknown): boolean =>
  error instanceof ConfigError || (error instanceof RunError && !(error instanceof StepError))

Command.runWith(command, { version: versions.orbitrank, renderErrors: false })(process.argv.slice(2)).pipe(
  Effect.provide(CliConfig.layer({ builtIns: [] })),
  Effect.provide(nodeServices),
  toExit(`${PROGRAM} --help`, badInput),
  runMain
)
