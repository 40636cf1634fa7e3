/** Finding and loading what `npm run setup:tensorflow` has built. */
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { messageOf } from "../../../pipeline/words.ts"
import type { Tf } from "../tfjs.ts"
import { readBuilt, wholeLibraries } from "./record.ts"
import { NativeLoadError } from "./setup-error.ts"
import { restoreUtil } from "./util-functions.ts"

/** The command that sets native TensorFlow up, for messages. */
export const SETUP_COMMAND = "npm run setup:tensorflow"

/** Where the package with its compiled binding stands in a project. */
export const packageFolderOf = (project: string): string => join(project, ".tensorflow", "tfjs-node-gpu")

/** The compiled binding, relative to the package. */
export const BINDING = join("lib", "napi-v8", "tfjs_binding.node")

export type Found =
  | {
      readonly found: true
      /** The package to `require`. Absolute. */
      readonly packageFolder: string
      /** TensorFlow's version, such as `2.15.1`. */
      readonly version: string
      /** Whether it was set up with CUDA; whether a GPU answers shows when it is loaded. */
      readonly gpu: boolean
    }
  | { readonly found: false; readonly why: string; readonly remedy: string }

const missing = (why: string, remedy: string): Found => ({ found: false, why, remedy })

/**
 * Whether native TensorFlow is set up, by a look at a few files: nothing is loaded.
 *
 * @param projectRoot the project's root folder, absolute
 */
export const findNative = (projectRoot: string): Found => {
  const packageFolder = packageFolderOf(projectRoot)
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) {
    return missing("native TensorFlow runs on Linux only (x86-64, arm64)", "WebAssembly is the engine here")
  }
  if (!existsSync(packageFolder)) return missing("TensorFlow is not set up", `Run \`${SETUP_COMMAND}\` (about 210 MB)`)
  const built = readBuilt(packageFolder)
  const again = `Run \`${SETUP_COMMAND}\` again`
  if (built === undefined || !existsSync(join(packageFolder, BINDING))) {
    return missing("TensorFlow's binding is damaged", again)
  }
  if (built.platform !== `${process.platform}-${process.arch}`) {
    return missing(`TensorFlow was set up for ${built.platform}`, again)
  }
  if (wholeLibraries(built.folder) === undefined) return missing("TensorFlow's libraries are gone or damaged", again)
  return { found: true, packageFolder, version: built.version, gpu: built.gpu }
}

/**
 * Loads the native package into this process, TensorFlow.js with the backend `tensorflow` registered and chosen,
 * without TensorFlow's greetings. Settings of TensorFlow that are environment variables (`TF_NUM_INTRAOP_THREADS`) must
 * be set before.
 *
 * @throws NativeLoadError where the package or its libraries do not load
 */
export const loadNative = (found: { readonly packageFolder: string }): Tf => {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2"
  restoreUtil()
  try {
    return createRequire(import.meta.url)(found.packageFolder) as Tf
  } catch (cause) {
    throw new NativeLoadError({
      subject: found.packageFolder,
      problem: `native TensorFlow does not load (${messageOf(cause).split("\n")[0]})`,
      remedy: `Remove this folder and run \`${SETUP_COMMAND}\` again`,
      cause
    })
  }
}
