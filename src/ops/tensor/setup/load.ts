/** Finds and loads the native package that `npm run setup:tensorflow` has built. */
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { messageOf } from "../../../pipeline/words.ts"
import type { Tf } from "../tfjs.ts"
import { changedLibrary } from "./content.ts"
import { readBuilt, wholeLibraries } from "./record.ts"
import { NativeLoadError } from "./setup-error.ts"
import { restoreUtil } from "./util-functions.ts"

/** The command that sets up native TensorFlow, for messages. */
export const SETUP_COMMAND = "npm run setup:tensorflow"

/** Returns the folder of the package with its compiled binding in a project. */
export const packageFolderOf = (project: string): string => join(project, ".tensorflow", "tfjs-node-gpu")

/** The compiled binding, relative to the package. */
export const BINDING = join("lib", "napi-v8", "tfjs_binding.node")

/** The result of looking for native TensorFlow. */
export type Found =
  | {
      readonly found: true
      /** The package to `require`. Absolute. */
      readonly packageFolder: string
      /** TensorFlow's version, such as `2.15.1`. */
      readonly version: string
      /** Whether it was set up with CUDA. Whether there is a GPU is known only once it is loaded. */
      readonly gpu: boolean
    }
  | { readonly found: false; readonly why: string; readonly remedy: string }

const missing = (why: string, remedy: string): Found => ({ found: false, why, remedy })

/**
 * Looks whether native TensorFlow is set up. It looks at a few files and loads nothing.
 *
 * @param projectRoot the project's root folder, absolute
 */
export const findNative = (projectRoot: string): Found => {
  const packageFolder = packageFolderOf(projectRoot)
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) {
    return missing("native TensorFlow runs only on Linux (x86-64, arm64)", "WebAssembly is used instead")
  }
  if (!existsSync(packageFolder)) return missing("TensorFlow is not set up", `Run \`${SETUP_COMMAND}\` (about 210 MB)`)
  const built = readBuilt(packageFolder)
  const again = `Run \`${SETUP_COMMAND}\` again`
  if (built === undefined || !existsSync(join(packageFolder, BINDING))) {
    return missing("TensorFlow's binding is incomplete", again)
  }
  if (built.platform !== `${process.platform}-${process.arch}`) {
    return missing(`TensorFlow was set up for ${built.platform}`, again)
  }
  if (wholeLibraries(built.folder) === undefined)
    return missing("TensorFlow's libraries are missing or incomplete", again)
  return { found: true, packageFolder, version: built.version, gpu: built.gpu }
}

/** Fails if a library no longer has the content that the set-up recorded. */
const checkContent = (packageFolder: string): void => {
  const built = readBuilt(packageFolder)
  const changed = built === undefined ? undefined : changedLibrary(packageFolder, built)
  if (built === undefined || changed === undefined) return
  throw new NativeLoadError({
    subject: built.folder,
    problem: `${changed} was changed after TensorFlow was set up (its SHA-256 differs)`,
    remedy: `Run \`${SETUP_COMMAND}\` again`
  })
}

/**
 * Loads the native package into this process: TensorFlow.js with the backend `tensorflow` registered and chosen. Its
 * libraries are checked by content first, see `changedLibrary`. TensorFlow's start-up messages are switched off. Its
 * environment variables (`TF_NUM_INTRAOP_THREADS`) must be set before.
 *
 * @throws NativeLoadError if a library was changed, or if the package or its libraries do not load
 */
export const loadNative = (found: { readonly packageFolder: string }): Tf => {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2"
  restoreUtil()
  try {
    checkContent(found.packageFolder)
    return createRequire(import.meta.url)(found.packageFolder) as Tf
  } catch (cause) {
    if (cause instanceof NativeLoadError) throw cause
    throw new NativeLoadError({
      subject: found.packageFolder,
      problem: `native TensorFlow does not load (${messageOf(cause).split("\n")[0]})`,
      remedy: `Remove this folder and run \`${SETUP_COMMAND}\` again`,
      cause
    })
  }
}
