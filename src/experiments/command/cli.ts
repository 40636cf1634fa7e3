/** The command line: `run.ts CONFIG [--check] [--set path=value] ...`. */
import { join, resolve } from "node:path"
import { Console, Effect, Option } from "effect"
import { Argument, Command } from "effect/cli"
import { portable } from "../../ops/formats/portable.ts"
import { attempt } from "../../pipeline/attempt.ts"
import { catalogue, showCatalogue } from "../../pipeline/catalogue.ts"
import { ConfigError } from "../../pipeline/fault.ts"
import type { AnyPipeline } from "../../pipeline/pipeline.ts"
import { printableJson, printableLines, suggestion } from "../../pipeline/words.ts"
import { fromHome } from "../../pipeline/yaml/environment.ts"
import { neededAddress } from "../cluster/address.ts"
import { afterInterrupt, type Beginning } from "../folder/beginning.ts"
import { initCommand } from "../init/command.ts"
import { deviceFaults } from "../plan/agreement.ts"
import { networksOf, showNetworks } from "../plan/networks.ts"
import { language, type Plan, planOfFile, readConfigFile, showPlan } from "../plan/plan.ts"
import { RunError } from "../run-error.ts"
import { makeProgress, stderrScreen } from "../running/progress.ts"
import type { RunOptions } from "../running/runner.ts"
import { readSweep } from "../sweep/sweep-file.ts"
import { PROGRAM, runCommand } from "./command-line.ts"
import { countOf } from "./counts.ts"
import { flagsOf } from "./flags.ts"
import { checkPackages } from "./needed.ts"
import { versions } from "./versions.ts"

const options = {
  config: Argument.String(runCommand.argument.name).pipe(
    Argument.withDescription(runCommand.argument.about),
    Argument.optional
  ),
  ...flagsOf(runCommand.options)
}

const knownPipeline = (made: Plan, only: string | undefined): Effect.Effect<void, RunError> => {
  const names = [...made.loaded.pipelines.keys()]
  if (only === undefined || names.includes(only)) return Effect.void
  return Effect.fail(
    new RunError({
      subject: `--only ${only}`,
      problem: `${made.file} has no such pipeline${suggestion(only, names)}`,
      remedy: "Name one of its pipelines"
    })
  )
}

/** Refuses trainings on an engine that has none, unless another pipeline alone is run. */
const trainable = ({ loaded }: Plan, only: string | undefined): Effect.Effect<void, ConfigError> => {
  const run = [...loaded.pipelines].filter(([name]) => only === undefined || only === name)
  const faults = run.flatMap(([, pipeline]) => deviceFaults(pipeline as AnyPipeline, loaded.settings.device))
  return faults.length === 0 ? Effect.void : Effect.fail(new ConfigError({ faults }))
}

type Workers = Pick<RunOptions, "cluster" | "processes" | "stage">

const clusterOf = (anyEngine: boolean): Effect.Effect<Workers, RunError> =>
  attempt(RunError)(() => ({ cluster: { address: neededAddress(process.env), anyEngine } }))

const run = Effect.fnUntraced(function* (
  made: Plan,
  only: string | undefined,
  out: string | undefined,
  begins: Beginning,
  json: boolean,
  workers: Workers
) {
  // Imported here, so that `--check` starts faster.
  const { runPlan } = yield* Effect.promise(() => import("../running/runner.ts"))
  const folder = out === undefined ? made.folder : fromHome(out)
  const progress = makeProgress(stderrScreen())
  progress.say(`orbitrank ${versions.orbitrank}: ${made.file}, seed ${made.loaded.settings.seed}, into ${folder}`)
  for (const note of made.translation?.notes ?? []) progress.say(note)
  const record = yield* runPlan(made, { folder, only, begins, ...workers }, progress).pipe(
    Effect.onInterrupt(() => Effect.sync(() => progress.say(afterInterrupt(begins, made.loaded.settings.fresh))))
  )
  if (json) yield* Console.log(printableJson(JSON.stringify(record, null, 2)))
  else progress.say(`Record: ${portable(join(folder, "record.json"))}`)
})

/** The command. */
export const command = Command.make("orbitrank", options, (given) =>
  Effect.gen(function* () {
    if (given.operators) return yield* Console.log(showCatalogue(catalogue(language.operators)))
    const file = Option.getOrUndefined(given.config)
    if (file === undefined) {
      return yield* new RunError({
        subject: "orbitrank",
        problem: "no configuration is given",
        remedy: `Try \`${PROGRAM} configs/quickstart.yaml\`, or \`--help\``
      })
    }
    const read = yield* attempt(RunError)(() => readConfigFile(file))
    const makers = given.check
      ? {}
      : given.cluster
        ? yield* clusterOf(given["any-engine"])
        : { processes: yield* countOf("processes", Option.getOrUndefined(given.processes)) }
    const stage = Option.getOrUndefined(Option.map(given.stage, (folder) => resolve(fromHome(folder))))
    const workers: Workers = { ...makers, stage }
    const swept = yield* attempt(ConfigError)(() => readSweep(read, given.set))
    if (swept !== undefined) {
      const { sweepCommand } = yield* Effect.promise(() => import("../sweep/command.ts"))
      return yield* sweepCommand(swept, { ...given, out: Option.getOrUndefined(given.out) }, workers)
    }
    const made = yield* attempt(ConfigError, RunError)(() => planOfFile(read, given.set))
    const only = Option.getOrUndefined(given.only)
    yield* knownPipeline(made, only)
    yield* trainable(made, only)
    yield* attempt(RunError)(() => checkPackages())
    const networks = yield* networksOf(made)
    if (given.check) return yield* Console.log(printableLines(`${showPlan(made)}${showNetworks(networks)}`))
    const begins = given.fresh ? "fresh" : made.loaded.settings.fresh ? "freshByFile" : "continue"
    yield* run(made, only, Option.getOrUndefined(given.out), begins, given.json, workers)
  })
).pipe(Command.withDescription(runCommand.about), Command.withSubcommands([initCommand]))
