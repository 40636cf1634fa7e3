/** Builds the native package: a copy of the JavaScript package with its binding, compiled against the libraries. */
import { existsSync, readFileSync } from "node:fs"
import { cp, mkdir, readdir, readFile, rm, symlink } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join, relative } from "node:path"
import { Effect } from "effect"
import { writeFileAtomic } from "../../formats/files.ts"
import { beside, fileWork } from "./folders.ts"
import { GRAPH_FUNCTIONS, INSERTIONS, withGraphFunctions } from "./graph-functions.ts"
import { BINDING, packageFolderOf } from "./load.ts"
import { Machine } from "./machine.ts"
import { findPython } from "./pip.ts"
import { type Built, RECORD_FILE } from "./record.ts"
import { SetupError } from "./setup-error.ts"
import { tryPackage } from "./trial.ts"

const PACKAGE = "@tensorflow/tfjs-node-gpu"

/** Finds the installed JavaScript package: its folder and version. */
export const findPackage = Effect.gen(function* () {
  const { project } = yield* Machine
  return yield* Effect.try({
    try: () => {
      const manifest = createRequire(join(project, "package.json")).resolve(`${PACKAGE}/package.json`)
      const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string }
      return { folder: dirname(manifest), version }
    },
    catch: (cause) =>
      new SetupError({
        subject: PACKAGE,
        problem: "this npm package is not installed",
        remedy: "Install it with `npm ci --include=optional`",
        cause
      })
  })
})

/** Finds the node-gyp that comes with npm: npm passes its path to scripts; otherwise it is in npm's folder. */
export const findNodeGyp = Effect.gen(function* () {
  const { env, node, project } = yield* Machine
  const inNpm = join("node-gyp", "bin", "node-gyp.js")
  const places = [
    env.npm_config_node_gyp,
    env.npm_execpath === undefined ? undefined : join(dirname(env.npm_execpath), "..", "node_modules", inNpm),
    join(project, "node_modules", inNpm),
    join(dirname(node), "..", "lib", "node_modules", "npm", "node_modules", inNpm)
  ]
  const found = places.find((place) => place !== undefined && existsSync(place))
  if (found !== undefined) return found
  return yield* new SetupError({
    subject: "node-gyp",
    problem: "was not found in npm's folder",
    remedy: "Run this command as `npm run setup:tensorflow`, or install node-gyp with `npm install --no-save node-gyp`"
  })
})

const needTool = Effect.fnUntraced(function* (subject: string, programs: ReadonlyArray<string>) {
  const { run } = yield* Machine
  for (const program of programs) {
    const works = yield* run(program, ["--version"]).pipe(
      Effect.map(({ code }) => code === 0),
      Effect.catchTag("NoProgram", () => Effect.succeed(false))
    )
    if (works) return
  }
  return yield* new SetupError({
    subject,
    problem: `was not found (tried ${programs.join(", ")})`,
    remedy: "Install it, for example with `sudo apt install build-essential`"
  })
})

/** Fails unless everything that compiling needs is there. It is called before anything is downloaded. */
export const needTools = Effect.gen(function* () {
  const { env, project } = yield* Machine
  if (/\s/.test(project)) {
    return yield* new SetupError({
      subject: project,
      problem: "the path contains a space, and node-gyp cannot compile there",
      remedy: "Move the project to a path without spaces"
    })
  }
  yield* findPackage
  yield* findPython
  yield* needTool("C++ compiler", env.CXX === undefined ? ["c++", "g++", "clang++"] : [env.CXX])
  yield* needTool("make", env.MAKE === undefined ? ["make", "gmake"] : [env.MAKE])
  yield* findNodeGyp
})

/** Where the package looks for node-pre-gyp first, relative to the package. */
const FINDER = join("node_modules", "@mapbox", "node-pre-gyp", "index.js")

/**
 * Takes the place of node-pre-gyp, which the package loads to find the binding only. So neither it nor the old packages
 * that it brings along (npmlog, gauge, tar, glob, node-fetch, ...) ever run.
 */
const FINDER_CODE = `exports.find = () => require("node:path").join(__dirname, ${JSON.stringify(`../../../${BINDING}`)})\n`

/** Whether a package was built with the finder of ours; version 0.1.0 had none. */
export const hasFinder = (packageFolder: string): boolean => existsSync(join(packageFolder, FINDER))

/** Copies the package, without files of an installation of its own, and links the libraries into it. */
const lay = (from: string, folder: string, libraries: string): Effect.Effect<void, SetupError> =>
  fileWork(folder, async () => {
    const own = new Set(["build", "lib", "deps", "node_modules"].map((name) => join(from, name)))
    await cp(from, folder, { recursive: true, filter: (path) => !own.has(path) })
    writeFileAtomic(join(folder, FINDER), FINDER_CODE)
    const lib = join(folder, "deps", "lib")
    await mkdir(lib, { recursive: true })
    const names = await readdir(join(libraries, "lib"))
    for (const name of names) await symlink(join(libraries, "lib", name), join(lib, name))
    // The names that the binding is linked against.
    await symlink("libtensorflow_cc.so.2", join(lib, "libtensorflow.so"))
    await symlink("libtensorflow_framework.so.2", join(lib, "libtensorflow_framework.so"))
    for (const name of (await readdir(libraries)).filter((one) => one !== "lib" && one !== RECORD_FILE)) {
      await symlink(join(libraries, name), join(folder, "deps", name))
    }
  })

/** Adds functions made of graphs to the binding's source. */
const extend = Effect.fnUntraced(function* (folder: string) {
  for (const file of new Set(INSERTIONS.map((insertion) => insertion.file))) {
    const path = join(folder, "binding", file)
    const source = withGraphFunctions(file, yield* fileWork(path, () => readFile(path, "utf8")))
    if (source === undefined) {
      return yield* new SetupError({
        subject: `binding/${file} of ${PACKAGE}`,
        problem: "is not the source of version 4.22.0, which the set-up extends",
        remedy: "Reinstall the packages with `npm ci --include=optional`"
      })
    }
    yield* fileWork(path, async () => writeFileAtomic(path, source))
  }
})

/** Returns the option for the headers that come with Node, so that node-gyp need not download them. */
const headersOf = (node: string): ReadonlyArray<string> => {
  const prefix = join(dirname(node), "..")
  return existsSync(join(prefix, "include", "node", "node_api.h")) ? [`--nodedir=${prefix}`] : []
}

const compileFault = (folder: string, said: string): SetupError => {
  const line = said.split("\n").find((one) => /\berror\b/i.test(one) && !/node-gyp|gyp ERR! (stack|System)/.test(one))
  const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|statusCode|ECONNRESET/.test(said)
  return new SetupError({
    subject: folder,
    problem: offline
      ? "node-gyp cannot download Node's headers"
      : `the binding does not compile (${line ?? "the compiler gives no reason"})`,
    remedy: offline
      ? "Install Node with its headers and set their folder with `npm config set nodedir FOLDER`"
      : "See .tensorflow/compile.log for the compiler's output, or try another TensorFlow with `--version X.Y.Z`",
    cause: said
  })
}

const compile = Effect.fnUntraced(function* (folder: string, python: string) {
  const { env, node, project, run } = yield* Machine
  const log = join(project, ".tensorflow", "compile.log")
  const args = [
    yield* findNodeGyp,
    "rebuild",
    "--module_name=tfjs_binding",
    `--module_path=${join(folder, dirname(BINDING))}`,
    "--napi_build_version=8",
    ...(env.npm_config_nodedir === undefined ? headersOf(node) : [])
  ]
  const { code, stdout, stderr } = yield* run(node, args, { cwd: folder, env: { npm_config_python: python } }).pipe(
    Effect.mapError(() => compileFault(folder, "error: node does not start"))
  )
  const said = `${stdout}\n${stderr}`
  if (code !== 0 || !existsSync(join(folder, BINDING))) {
    yield* fileWork(log, async () => writeFileAtomic(log, said))
    return yield* compileFault(relative(project, packageFolderOf(project)), said)
  }
  yield* fileWork(folder, async () => {
    await rm(join(folder, "build"), { recursive: true, force: true })
    await rm(log, { force: true })
  })
})

/** Compiles the binding against the libraries and tries it. Only then does it replace an older one. */
export const buildBinding = Effect.fnUntraced(function* (libraries: Built) {
  const { project, say } = yield* Machine
  const { folder: from, version: packageVersion } = yield* findPackage
  const python = yield* findPython
  const target = packageFolderOf(project)
  const trial = yield* beside(target, (folder) =>
    Effect.gen(function* () {
      yield* lay(from, folder, libraries.folder)
      yield* extend(folder)
      say("  Compiling the binding")
      yield* compile(folder, python)
      const built: Built = { ...libraries, packageVersion, graphFunctions: GRAPH_FUNCTIONS }
      yield* fileWork(folder, async () =>
        writeFileAtomic(join(folder, RECORD_FILE), `${JSON.stringify(built, null, 2)}\n`)
      )
      return yield* tryPackage(folder)
    })
  )
  return { ...trial, packageFolder: target }
})
