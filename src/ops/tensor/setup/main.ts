/** `npm run setup:tensorflow`: sets up native TensorFlow for this project. */

import { resolve } from "node:path"
import { Console, Effect, Option } from "effect"
import { CliConfig, Command, Flag, GlobalFlag } from "effect/cli"
import { runMain, toExit } from "../../../pipeline/main.ts"
import { nodeServices } from "../../../pipeline/node-services.ts"
import { machineLive } from "./machine-live.ts"
import { DEFAULT_VERSION, type Options, setUp } from "./setup.ts"
import { SetupInputError } from "./setup-error.ts"

const project = resolve(import.meta.dirname, "..", "..", "..", "..")

const screen = {
  terminal: process.stdout.isTTY === true,
  write: (text: string) => void process.stdout.write(text),
  now: () => performance.now()
}

const flags = {
  gpu: Flag.Boolean("gpu").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Set up CUDA and its libraries as well (several GB)")
  ),
  wheel: Flag.String("wheel").pipe(
    Flag.withMetavar("file"),
    Flag.withDescription("Use this TensorFlow wheel instead of downloading one"),
    Flag.optional
  ),
  from: Flag.String("from").pipe(
    Flag.withMetavar("folder"),
    Flag.withDescription(
      "Copy the libraries of this installed Python TensorFlow (the folder `tensorflow` in its site-packages)"
    ),
    Flag.optional
  ),
  version: Flag.String("version").pipe(
    Flag.withMetavar("X.Y.Z"),
    Flag.withDescription(`Version of TensorFlow, 2.13.0 or newer; ${DEFAULT_VERSION} by default`),
    Flag.optional
  ),
  check: Flag.Boolean("check").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Only report whether TensorFlow is set up and works")
  )
} as const

/** Resolves a path against the user's working directory; npm runs scripts in the project's root. */
const here = (path: string): string => resolve(process.env.INIT_CWD ?? process.cwd(), path)

const command = Command.make("setup:tensorflow", flags, ({ gpu, wheel, from, version, check }) => {
  const given = {
    wheel: Option.getOrUndefined(Option.map(wheel, here)),
    from: Option.getOrUndefined(Option.map(from, here)),
    version: Option.getOrUndefined(version)
  }
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const options: Options = { gpu, check, ...named }
  return setUp(options).pipe(
    Effect.onInterrupt(() => Console.error("Interrupted. The same command continues from here."))
  )
}).pipe(Command.withDescription("Sets up native TensorFlow for this project, from its Python wheel."))

Command.runWith(command, { version: "", renderErrors: false })(process.argv.slice(2)).pipe(
  Effect.provide(CliConfig.layer({ builtIns: [GlobalFlag.Help] })),
  Effect.provide(machineLive(project, screen)),
  Effect.provide(nodeServices),
  toExit("npm run setup:tensorflow -- --help", (error) => error instanceof SetupInputError),
  runMain
)
