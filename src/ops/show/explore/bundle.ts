/**
 * The page's own code as one classic script: pages opened from disk can load neither modules nor workers from files. A clone
 * bundles it with esbuild, which `tsx` installs; the published package holds the script that `npm run build` made.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { ShowError } from "../show-error.ts"

const HERE = fileURLToPath(new URL(".", import.meta.url))

/** Code of the page and its style sheet. */
export interface PageCode {
  readonly script: string
  readonly style: string
}

/** Modules that the page replaces: code of Node, and errors that would bring a part of Effect. */
const REPLACED: ReadonlyArray<readonly [pattern: RegExp, file: string]> = [
  [/(^|\/)explained\.ts$/, "explained.ts"],
  [/^node:zlib$/, "inflate.ts"]
]

/**
 * Bundles the page from its sources.
 *
 * @param folder of the page's sources
 */
export const bundlePage = async (folder = join(HERE, "page")): Promise<string> => {
  const { build } = await import("esbuild")
  const { outputFiles } = await build({
    entryPoints: [join(folder, "main.ts")],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    write: false,
    logLevel: "silent",
    plugins: [
      {
        name: "replaced",
        setup: ({ onResolve }) => {
          for (const [filter, file] of REPLACED) onResolve({ filter }, () => ({ path: join(folder, "instead", file) }))
        }
      }
    ]
  })
  return outputFiles[0].text
}

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
      problem: `cannot be bundled (${cause instanceof Error ? cause.message : cause})`,
      remedy: "Run `npm ci` to install esbuild for this platform",
      cause
    })
  }
}
