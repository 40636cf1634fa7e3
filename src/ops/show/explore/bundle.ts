/**
 * The page's own code as one classic script: pages opened from disk can load neither modules nor workers from files. A clone
 * bundles it with esbuild, which `tsx` installs; the published package holds the script that `npm run build` made.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { messageOf } from "../../../pipeline/words.ts"
import { ShowError } from "../show-error.ts"

const HERE = fileURLToPath(new URL(".", import.meta.url))

/** Code of the page and its style sheet. */
export interface PageCode {
  readonly script: string
  readonly style: string
}

/** Modules that the page replaces: those that would bring Effect or large packages, and tensors, which are plain arrays there. */
const REPLACED: ReadonlyArray<readonly [pattern: RegExp, file: string]> = [
  [/(^|\/)explained\.ts$/, "explained.ts"],
  [/(^|\/)show-error\.ts$/, "show-error.ts"],
  [/\/elementwise\.ts$/, "elementwise.ts"],
  [/^\.\/jpeg\.ts$/, "jpeg.ts"],
  [/^zstddec$/, "packages.ts"]
]

/** Names of modules that hold the bundled text of a thread's module. */
const THREAD = /^thread:/

/** Bundles a module with the page's replacements into one script: `iife` for pages, `esm` for tests. */
export const bundled = async (entry: string, format: "iife" | "esm", page = join(HERE, "page")): Promise<string> => {
  const { build } = await import("esbuild")
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: format === "iife",
    format,
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    write: false,
    logLevel: "silent",
    plugins: [
      {
        name: "replaced",
        setup: ({ onLoad, onResolve }) => {
          for (const [filter, file] of REPLACED) onResolve({ filter }, () => ({ path: join(page, "instead", file) }))
          onResolve({ filter: THREAD }, ({ path }) => ({ path: path.replace(THREAD, ""), namespace: "thread" }))
          onLoad({ filter: /./, namespace: "thread" }, async ({ path }) => ({
            contents: await bundled(join(page, path), "iife", page),
            loader: "text"
          }))
        }
      }
    ]
  })
  return outputFiles[0].text
}

/**
 * Bundles the page from its sources.
 *
 * @param folder of the page's sources
 */
export const bundlePage = (folder = join(HERE, "page")): Promise<string> =>
  bundled(join(folder, "main.ts"), "iife", folder)

/** @returns rejects with ShowError if the code cannot be made */
export const pageCode = async (): Promise<PageCode> => {
  const style = readFileSync(join(HERE, "page/style.css"), "utf8")
  const made = join(HERE, "page/page.js")
  if (existsSync(made)) return { script: readFileSync(made, "utf8"), style }
  try {
    return { script: await bundlePage(), style }
  } catch (cause) {
    throw new ShowError({
      subject: "the explorer's page",
      problem: `cannot be bundled (${messageOf(cause)})`,
      remedy: "Run `npm ci` to install esbuild for this platform",
      cause
    })
  }
}
