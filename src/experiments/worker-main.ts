/** The program that `worker.ts` starts. */
import { resolve } from "node:path"
import { Effect, Option } from "effect"
import { CliConfig, Command, Flag, GlobalFlag } from "effect/cli"
import { attempt } from "../pipeline/attempt.ts"
import { runMain, toExit } from "../pipeline/main.ts"
import { nodeServices } from "../pipeline/node-services.ts"
import { fromHome } from "../pipeline/yaml/environment.ts"
import { neededAddress } from "./cluster/address.ts"
import { work } from "./cluster/worker.ts"
import { WORKER } from "./command/command-line.ts"
import { countOf } from "./command/counts.ts"
import { versions } from "./command/versions.ts"
import { DEVICES } from "./plan/settings.ts"
import { RunError } from "./run-error.ts"

const options = {
  shared: Flag.String("shared").pipe(
    Flag.withMetavar("folder"),
    Flag.withDescription("The folder that all machines share: the one in which run.ts is called")
  ),
  processes: Flag.Int("processes").pipe(
    Flag.withDefault(1),
    Flag.withMetavar("number"),
    Flag.withDescription("Ranges, or runs of a sweep, that are made at a time, each by a process of its own")
  ),
  device: Flag.Literals("device", DEVICES).pipe(
    Flag.withDefault("auto" as const),
    Flag.withDescription("Tensor engine of this machine")
  ),
  threads: Flag.Int("threads").pipe(
    Flag.withMetavar("number"),
    Flag.withDescription("Threads of each process; by default the processes share the processors"),
    Flag.optional
  ),
  stage: Flag.String("stage").pipe(
    Flag.withMetavar("folder"),
    Flag.withDescription("Local folder into which stores are copied before they are read"),
    Flag.optional
  ),
  anyEngine: Flag.Boolean("any-engine").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Work for runs that allow other engines, and for no others; last digits may differ")
  )
} as const

const command = Command.make("worker.ts", options, ({ anyEngine, device, processes, shared, ...given }) =>
  Effect.gen(function* () {
    const threads = yield* countOf("threads", Option.getOrUndefined(given.threads))
    yield* countOf("processes", processes)
    const address = yield* attempt(RunError)(() => neededAddress(process.env))
    const say = (line: string) => void process.stderr.write(`${line}\n`)
    const stage = Option.getOrUndefined(Option.map(given.stage, (folder) => resolve(fromHome(folder))))
    yield* work({ address, anyEngine, device, processes, shared, stage, threads, say })
  })
).pipe(Command.withDescription("Makes ranges for runs of other machines until it is stopped."))

Command.runWith(command, { version: versions.orbitrank, renderErrors: false })(process.argv.slice(2)).pipe(
  Effect.provide(CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] })),
  Effect.provide(nodeServices),
  toExit(`${WORKER} --help`, (error) => error instanceof RunError),
  runMain
)
