/**
 * The program of a clone as few files of JavaScript, in `.program` beside `src`. A clone consists of a thousand modules, most of them
 * TypeScript; loading them one by one takes seconds of processor time, and some tenths of a second in each worker thread. esbuild,
 * which `tsx` installs, writes the files when a source has changed.
 */
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs"
import { dirname, join, relative, resolve, sep } from "node:path"
import { pathToFileURL } from "node:url"
import { OPTIONAL_PACKAGES } from "../../pipeline/packages.ts"
import { launch } from "./launch.ts"

const SOURCES = resolve(import.meta.dirname, "../..")
const ROOT = dirname(SOURCES)
const PROGRAMS = join(ROOT, ".program")

/** Files that the commands begin with, relative to the sources: for a process of its own, and for this process. */
const COMMANDS = {
  run: { launched: "experiments/launched.ts", main: "experiments/main.ts" },
  worker: { launched: "experiments/launched-worker.ts", main: "experiments/worker-main.ts" }
} as const

/** The driver of PostgreSQL uses Effect, and a program must have only one copy of Effect: they are written into the same files. */
const DRIVER = "@effect/sql-pg"

/** The command, which runs of sweeps name as a user would call it. */
const COMMAND = "experiments/run.ts"

/** How `optionalPackage` imports a package. For the driver, the name must be literal, so that esbuild sees it. */
const BY_NAME = "import(/* @vite-ignore */ name)"
const DRIVER_FIRST = `name === "${DRIVER}" ? import("${DRIVER}") : ${BY_NAME}`

/** Number of earlier programs that are kept: a run that began with one may load more of its files later. */
const KEPT = 24

/** The address of another module of ours, as code writes it. */
const MODULE = /new URL\(\s*"(\.[^"]+)\.ts",\s*import\.meta\.url\s*\)/g

/** The same module in a program. */
const inProgram = (folder: string, source: string): string =>
  join(folder, relative(SOURCES, source)).replace(/\.ts$/, ".mjs")

/** All source files, absolute. */
const sourceFiles = (): ReadonlyArray<string> =>
  readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|mjs)$/.test(name))
    .map((name) => join(SOURCES, name))
    .sort()

/** A name for the present sources and packages: another one as soon as a file has another size or time. */
const nameOf = (files: ReadonlyArray<string>): string => {
  const hash = createHash("sha256")
  const packages = ["package.json", "node_modules/.package-lock.json"]
    .map((name) => join(ROOT, name))
    .filter(existsSync)
  for (const file of [...files, ...packages]) {
    const { mtimeMs, size } = statSync(file)
    hash.update(`${file} ${mtimeMs} ${size}\n`)
  }
  return hash.digest("hex").slice(0, 16)
}

/** First modules of worker threads and of processes: modules that others name by their address, but not the command itself. */
const firstModules = (files: ReadonlyArray<string>): ReadonlyArray<string> => {
  const named = files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(MODULE)].map(([, to]) => `${resolve(dirname(file), to)}.ts`)
  )
  return [...new Set(named)].filter((file) => file !== join(SOURCES, COMMAND) && existsSync(file))
}

/** What the text of a module depends on. */
interface Placing {
  readonly folder: string
  /** First modules of threads and processes. */
  readonly first: ReadonlySet<string>
  readonly hasDriver: boolean
}

/** Modules find packages and files from their own place; threads and processes begin with modules of the program. */
const placed = (path: string, { first, folder, hasDriver }: Placing): string =>
  readFileSync(path, "utf8")
    .replaceAll(MODULE, (text, to: string) => {
      const module = `${resolve(dirname(path), to)}.ts`
      return first.has(module) ? `new URL(${JSON.stringify(pathToFileURL(inProgram(folder, module)).href)})` : text
    })
    .replace(BY_NAME, (found) => (hasDriver ? DRIVER_FIRST : found))
    .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href))
    .replaceAll("import.meta.dirname", JSON.stringify(dirname(path)))

const write = async (files: ReadonlyArray<string>, folder: string): Promise<void> => {
  const { build, stop } = await import("esbuild")
  const first = new Set(firstModules(files))
  const hasDriver = existsSync(join(ROOT, "node_modules", DRIVER))
  const placing: Placing = { folder, first, hasDriver }
  const outside = Object.keys(OPTIONAL_PACKAGES).filter((name) => name !== DRIVER || !hasDriver)
  const commands = Object.values(COMMANDS).flatMap(({ launched, main }) => [launched, main])
  const made = `${folder}.${process.pid}`
  await build({
    absWorkingDir: ROOT,
    entryPoints: [...commands.map((name) => join(SOURCES, name)), ...first],
    outbase: SOURCES,
    outdir: made,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: [...outside, "esbuild", "tsx"],
    logLevel: "silent",
    plugins: [
      {
        name: "placed",
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) =>
            path.startsWith(SOURCES + sep) ? { contents: placed(path, placing), loader: "ts" } : undefined
          )
      }
    ]
  })
  // Its process would last as long as this one.
  await stop()
  try {
    renameSync(made, folder)
  } catch (cause) {
    rmSync(made, { recursive: true, force: true })
    // Another process was faster.
    if (!existsSync(folder)) throw cause
  }
}

/** Removes all programs but the newest. */
const tidy = (): void => {
  const folders = readdirSync(PROGRAMS).map((name) => join(PROGRAMS, name))
  const byAge = folders.map((folder) => ({ folder, at: statSync(folder).mtimeMs })).sort((a, b) => b.at - a.at)
  for (const { folder } of byAge.slice(KEPT)) rmSync(folder, { recursive: true, force: true })
}

/** A program: the files that start it in a process of its own, and in this one. */
export interface Program {
  readonly launched: string
  readonly main: string
}

/**
 * The program of this clone, which is written if a source has changed.
 *
 * @returns undefined in the published package, or if esbuild or the folder cannot be used
 */
export const bundledProgram = async (command: keyof typeof COMMANDS): Promise<Program | undefined> => {
  if (!import.meta.url.endsWith(".ts")) return undefined
  try {
    const files = sourceFiles()
    const folder = join(PROGRAMS, nameOf(files))
    if (!existsSync(folder)) {
      mkdirSync(PROGRAMS, { recursive: true })
      tidy()
      await write(files, folder)
    }
    const file = (source: string) => inProgram(folder, join(SOURCES, source))
    const { launched, main } = COMMANDS[command]
    return { launched: file(launched), main: pathToFileURL(file(main)).href }
  } catch {
    return undefined
  }
}

/**
 * Starts a command by the program of this clone.
 *
 * @param load imports the command's own module, if there is no such program
 */
export const startCommand = async (command: keyof typeof COMMANDS, load: () => Promise<unknown>): Promise<void> => {
  const program = await bundledProgram(command)
  if (!launch(program?.launched)) await (program === undefined ? load() : import(program.main))
}
