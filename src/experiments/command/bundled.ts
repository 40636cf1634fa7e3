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

const SOURCES = resolve(import.meta.dirname, "../..")
const ROOT = dirname(SOURCES)
const PROGRAMS = join(ROOT, ".program")

/** Files that a program begins with, relative to the sources: for a process of its own, and for this process. */
const LAUNCHED = "experiments/launched.ts"
const MAIN = "experiments/main.ts"

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

/** First modules of worker threads: modules of operators that others name by their address. */
const threadModules = (files: ReadonlyArray<string>): ReadonlyArray<string> => {
  const named = files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(MODULE)].map(([, to]) => `${resolve(dirname(file), to)}.ts`)
  )
  return [...new Set(named)].filter((file) => relative(SOURCES, file).startsWith(`ops${sep}`) && existsSync(file))
}

/** Modules find packages and files from their own place, and threads begin with modules of the program. */
const placed = (path: string, threads: ReadonlySet<string>, folder: string): string =>
  readFileSync(path, "utf8")
    .replaceAll(MODULE, (text, to: string) => {
      const module = `${resolve(dirname(path), to)}.ts`
      return threads.has(module) ? `new URL(${JSON.stringify(pathToFileURL(inProgram(folder, module)).href)})` : text
    })
    .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href))
    .replaceAll("import.meta.dirname", JSON.stringify(dirname(path)))

const write = async (files: ReadonlyArray<string>, folder: string): Promise<void> => {
  const { build, stop } = await import("esbuild")
  const threads = new Set(threadModules(files))
  const made = `${folder}.${process.pid}`
  await build({
    absWorkingDir: ROOT,
    entryPoints: [join(SOURCES, MAIN), join(SOURCES, LAUNCHED), ...threads],
    outbase: SOURCES,
    outdir: made,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: [...Object.keys(OPTIONAL_PACKAGES), "esbuild", "tsx"],
    logLevel: "silent",
    plugins: [
      {
        name: "placed",
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) =>
            path.startsWith(SOURCES + sep) ? { contents: placed(path, threads, folder), loader: "ts" } : undefined
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

/**
 * Whether modules are loaded one by one: the package for PostgreSQL brings Effect, of which a program must have only one copy.
 *
 * @param args of the command
 */
const usesServer = (args: ReadonlyArray<string>): boolean =>
  args.includes("--cluster") || ["ORBITRANK_PGVECTOR", "ORBITRANK_PGVECTOR_FILE"].some((name) => name in process.env)

/** A program: the files that start it in a process of its own, and in this one. */
export interface Program {
  readonly launched: string
  readonly main: string
}

/**
 * The program of this clone, which is written if a source has changed.
 *
 * @param args of the command
 * @returns undefined in the published package, if esbuild or the folder cannot be used, or if modules must be loaded one by one
 */
export const bundledProgram = async (args: ReadonlyArray<string>): Promise<Program | undefined> => {
  if (!import.meta.url.endsWith(".ts") || usesServer(args)) return undefined
  try {
    const files = sourceFiles()
    const folder = join(PROGRAMS, nameOf(files))
    if (!existsSync(folder)) {
      mkdirSync(PROGRAMS, { recursive: true })
      tidy()
      await write(files, folder)
    }
    const file = (source: string) => inProgram(folder, join(SOURCES, source))
    return { launched: file(LAUNCHED), main: pathToFileURL(file(MAIN)).href }
  } catch {
    return undefined
  }
}
