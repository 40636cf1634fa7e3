/** The set-up of native TensorFlow, step by step. */
import { join } from "node:path"
import { Effect } from "effect"
import { buildBinding, findPackage, hasFinder, needTools } from "./binding.ts"
import { isIntact } from "./content.ts"
import { fileWork, sweep } from "./folders.ts"
import { GRAPH_FUNCTIONS } from "./graph-functions.ts"
import { ensureLibraries } from "./libraries.ts"
import { findNative, packageFolderOf } from "./load.ts"
import { Machine, platformKey } from "./machine.ts"
import { readBuilt } from "./record.ts"
import { SetupError, SetupInputError } from "./setup-error.ts"
import { type Trial, tryPackage } from "./trial.ts"
import { hasCApi, supported } from "./wheel.ts"

/** TensorFlow's version if the user names none. Its wheels are in `PINS`. */
export const DEFAULT_VERSION = "2.15.1"

/** Options of the command. */
export interface Options {
  readonly gpu: boolean
  readonly wheel?: string
  readonly from?: string
  readonly version?: string
  /** Only report whether TensorFlow is set up. */
  readonly check: boolean
}

const needPlatform = Effect.gen(function* () {
  const { platform } = yield* Machine
  if (supported(platform)) return
  return yield* new SetupInputError({
    subject: `${platformKey(platform)}${platform.libc === "musl" ? " (musl)" : ""}`,
    problem: "native TensorFlow exists only for Linux with glibc on x86-64 and arm64",
    remedy: "Nothing needs to be set up: on this platform, orbitrank uses WebAssembly"
  })
})

const needSense = Effect.fnUntraced(function* ({ gpu, wheel, from, version }: Options) {
  const { platform } = yield* Machine
  const refuse = (subject: string, problem: string, remedy: string) => new SetupInputError({ subject, problem, remedy })
  const given = [wheel && "--wheel", from && "--from", version && "--version"].filter((one) => one)
  if (given.length > 1) {
    return yield* refuse(given.join(" and "), "each of these options decides the version", "Give only one of them")
  }
  if (version !== undefined && !hasCApi(version)) {
    return yield* refuse(
      `--version ${version}`,
      "is not a version X.Y.Z from 2.13.0 on",
      `Use ${DEFAULT_VERSION}, for example`
    )
  }
  if (gpu && platform.arch !== "x64") {
    return yield* refuse("--gpu", "TensorFlow's CUDA wheels exist only for x86-64", "Omit --gpu")
  }
})

const sentence = (trial: Trial, gpu: boolean): string => {
  const where = trial.gpu ? "on the GPU" : `with ${trial.threads} ${trial.threads === 1 ? "thread" : "threads"}`
  const unseen = gpu && !trial.gpu ? " It is set up for a GPU, but found none." : ""
  return `TensorFlow ${trial.version} works, ${where}.${unseen}`
}

/** Whether the TensorFlow that is set up is the one that is asked for. A given file or folder is always used anew. */
const fits = (options: Options, built: { readonly version: string; readonly gpu: boolean }): boolean =>
  options.wheel === undefined &&
  options.from === undefined &&
  (options.version === undefined || options.version === built.version) &&
  (!options.gpu || built.gpu)

const check = Effect.gen(function* () {
  const { project, say } = yield* Machine
  const found = findNative(project)
  if (!found.found) {
    return yield* new SetupError({ subject: packageFolderOf(project), problem: found.why, remedy: found.remedy })
  }
  say(sentence(yield* tryPackage(found.packageFolder), found.gpu))
})

/** Whether the libraries of the package that is set up have the recorded content. */
const soundPackage = (packageFolder: string) =>
  fileWork(packageFolder, async () => {
    const built = readBuilt(packageFolder)
    return built !== undefined && isIntact(built)
  })

/**
 * Sets up native TensorFlow, or says that it is set up already. Steps that an earlier run has finished are skipped.
 *
 * @error SetupInputError if the options cannot be met
 * @error SetupError if something is missing or fails
 */
export const setUp = Effect.fnUntraced(function* (options: Options) {
  const { cache, project, say } = yield* Machine
  yield* needPlatform
  yield* needSense(options)
  if (options.check) return yield* check
  for (const parent of [cache, join(cache, "downloads"), join(project, ".tensorflow")]) yield* sweep(parent)
  const found = findNative(project)
  const { version: packageVersion } = yield* findPackage
  const packageFolder = packageFolderOf(project)
  const built = readBuilt(packageFolder)
  const current =
    built?.packageVersion === packageVersion && built.graphFunctions === GRAPH_FUNCTIONS && hasFinder(packageFolder)
  if (found.found && current && fits(options, found) && (yield* soundPackage(found.packageFolder))) {
    const trial = yield* tryPackage(found.packageFolder)
    return say(`Already set up. ${sentence(trial, found.gpu)}`)
  }
  yield* needTools
  const { version = DEFAULT_VERSION, check: _, ...rest } = options
  const libraries = yield* ensureLibraries({ ...rest, version })
  const made = yield* buildBinding(libraries)
  say(sentence(made, libraries.gpu))
})
