/** The set-up of native TensorFlow, step by step. */
import { join } from "node:path"
import { Effect } from "effect"
import { buildBinding, findPackage, needTools } from "./binding.ts"
import { sweep } from "./folders.ts"
import { ensureLibraries } from "./libraries.ts"
import { findNative, packageFolderOf } from "./load.ts"
import { Machine, platformKey } from "./machine.ts"
import { readBuilt } from "./record.ts"
import { SetupError, SetupInputError } from "./setup-error.ts"
import { type Trial, tryPackage } from "./trial.ts"
import { hasCApi, supported } from "./wheel.ts"

/** The version that is taken where none is named. */
export const DEFAULT_VERSION = "2.15.1"

/** Options of the command. */
export interface Options {
  readonly gpu: boolean
  readonly wheel?: string
  readonly from?: string
  readonly version?: string
  /** Only say what is there. */
  readonly check: boolean
}

const needPlatform = Effect.gen(function* () {
  const { platform } = yield* Machine
  if (supported(platform)) return
  return yield* new SetupInputError({
    subject: `${platformKey(platform)}${platform.libc === "musl" ? " (musl)" : ""}`,
    problem: "there is no native TensorFlow for this platform, only for Linux with glibc on x86-64 and arm64",
    remedy: "Nothing needs to be set up: WebAssembly is the engine here"
  })
})

const needSense = Effect.fnUntraced(function* ({ gpu, wheel, from, version }: Options) {
  const { platform } = yield* Machine
  const refuse = (subject: string, problem: string, remedy: string) => new SetupInputError({ subject, problem, remedy })
  const given = [wheel && "--wheel", from && "--from", version && "--version"].filter((one) => one)
  if (given.length > 1) {
    return yield* refuse(given.join(" and "), "each of them decides the version", "Give one of them")
  }
  if (version !== undefined && !hasCApi(version)) {
    return yield* refuse(`--version ${version}`, "is not a version X.Y.Z from 2.13.0 on", `Try ${DEFAULT_VERSION}`)
  }
  if (gpu && platform.arch !== "x64") {
    return yield* refuse("--gpu", "TensorFlow's wheels with CUDA are for x86-64 only", "Leave --gpu away")
  }
})

const sentence = (trial: Trial, gpu: boolean): string => {
  const where = trial.gpu ? "on the GPU" : `${trial.threads} ${trial.threads === 1 ? "thread" : "threads"}`
  const unseen = gpu && !trial.gpu ? "; set up for a GPU, but none answered" : ""
  return `TensorFlow ${trial.version}, ${where}: it loads and multiplies${unseen}.`
}

/** Whether what is built is what is asked for. A given file or folder is always looked at. */
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

/**
 * Sets native TensorFlow up, or says that it is. What an earlier run has finished is not done again.
 *
 * @error SetupInputError what was asked for cannot be
 * @error SetupError something is missing or failed
 */
export const setUp = Effect.fnUntraced(function* (options: Options) {
  const { cache, project, say } = yield* Machine
  yield* needPlatform
  yield* needSense(options)
  if (options.check) return yield* check
  for (const parent of [cache, join(cache, "downloads"), join(project, ".tensorflow")]) yield* sweep(parent)
  const found = findNative(project)
  const current = readBuilt(packageFolderOf(project))?.packageVersion === (yield* findPackage).version
  if (found.found && current && fits(options, found)) {
    const trial = yield* tryPackage(found.packageFolder)
    return say(`All is there. ${sentence(trial, found.gpu)}`)
  }
  yield* needTools
  const { version = DEFAULT_VERSION, check: _, ...rest } = options
  const libraries = yield* ensureLibraries({ ...rest, version })
  const made = yield* buildBinding(libraries)
  say(sentence(made, libraries.gpu))
})
