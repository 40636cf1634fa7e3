/**
 * Packages that only some tasks need. A clone installs most of them; a program that installs orbitrank adds the ones it
 * uses. They are imported here alone, so that a missing one ends in the same message everywhere. Does not use Effect.
 */
import { builtin } from "./builtin.ts"
import type { Explanation } from "./explained.ts"
import { messageOf } from "./words.ts"

/**
 * Packages by name, with the versions that orbitrank is tested with. They equal the optional `peerDependencies` of package.json,
 * but for those in `UNDECLARED`.
 */
export const OPTIONAL_PACKAGES = {
  "@effect/sql-pg": "4.0.5",
  "@electric-sql/pglite": "0.5.14",
  "@electric-sql/pglite-pgvector": "0.0.15",
  "@tensorflow/tfjs": "4.22.0",
  "@tensorflow/tfjs-backend-wasm": "4.22.0",
  "@tensorflow/tfjs-node-gpu": "4.22.0",
  hyparquet: "1.31.5",
  "hyparquet-compressors": "1.1.2",
  "hyparquet-writer": "0.17.0",
  lmdb: "3.5.6",
  "onnxruntime-node": "1.30.0",
  "onnxruntime-web": "1.30.0",
  sharp: "0.35.5",
  usearch: "2.25.3",
  "world-atlas": "2.0.2"
} as const

/** Packages that a clone does not bring: npm would install no optional peer of the clone's own package.json, even when asked. */
export const UNDECLARED: ReadonlyArray<string> = [
  "@electric-sql/pglite",
  "@electric-sql/pglite-pgvector",
  "onnxruntime-node",
  "onnxruntime-web",
  "usearch"
]

export type OptionalPackage = keyof typeof OPTIONAL_PACKAGES

/**
 * Command that installs packages at the versions that orbitrank is tested with.
 *
 * @example
 * installCommand("lmdb", "sharp") // => "npm install lmdb@3.5.6 sharp@0.35.5"
 */
export const installCommand = (...names: ReadonlyArray<OptionalPackage>): string =>
  `npm install ${names.map((name) => `${name}@${OPTIONAL_PACKAGES[name]}`).join(" ")}`

const MISSING: ReadonlySet<unknown> = new Set(["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"])

const isMissing = (cause: unknown, name: string): boolean =>
  cause instanceof Error &&
  MISSING.has((cause as NodeJS.ErrnoException).code) &&
  // The package itself, or a file of it.
  [`'${name}'`, `'${name}/`].some((text) => cause.message.includes(text))

/**
 * Returns a `load` for a large CommonJS package. `import` would first scan all of its source for the names of its exports, which
 * for TensorFlow.js takes twice as long as loading it.
 */
export const byRequire =
  <Module>(name: OptionalPackage) =>
  async (): Promise<Module> =>
    builtin<typeof import("node:module")>("module").createRequire(import.meta.url)(name)

/**
 * Imports a package that only some tasks need.
 *
 * @param task that needs it, for the message: a plural noun such as "LMDB stores"
 * @param Fault class of the error
 * @param load imports the module, if it is not the package's main one; bundlers then see the name
 * @returns rejects with a `Fault` that names the command which installs the package
 */
export const optionalPackage = async <Module>(
  name: OptionalPackage,
  task: string,
  Fault: new (args: Explanation) => Error,
  load: () => Promise<Module> = () => import(/* @vite-ignore */ name)
): Promise<Module> => {
  try {
    return await load()
  } catch (cause) {
    const problem = isMissing(cause, name)
      ? "is not installed"
      : `cannot be loaded (${messageOf(cause).split("\n")[0]})`
    throw new Fault({
      subject: `package ${name}`,
      problem: `${task} need it, but it ${problem}`,
      remedy: `Run \`${installCommand(name)}\``,
      cause
    })
  }
}
