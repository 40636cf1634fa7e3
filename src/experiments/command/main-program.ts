/** The program that `run.ts` starts, as an effect. */
import { Effect } from "effect"
import { CliConfig, Command } from "effect/cli"
import { ConfigError } from "../../pipeline/fault.ts"
import { toExit } from "../../pipeline/main.ts"
import { nodeServices } from "../../pipeline/node-services.ts"
import { RunError } from "../run-error.ts"
import { StepError } from "../step-error.ts"
import { command } from "./cli.ts"
import { PROGRAM } from "./command-line.ts"
import { versions } from "./versions.ts"

const badInput = (error: unknown): boolean =>
  error instanceof ConfigError || (error instanceof RunError && !(error instanceof StepError))

/** Runs a command line to its exit code; failures are messages on standard error. */
export const mainProgram = (args: ReadonlyArray<string>): Effect.Effect<number> =>
  Command.runWith(command, { version: versions.orbitrank, renderErrors: false })(args).pipe(
    Effect.provide(CliConfig.layer({ builtIns: [] })),
    Effect.provide(nodeServices),
    toExit(`${PROGRAM} --help`, badInput)
  )
