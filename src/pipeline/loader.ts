/** Starts a script of this program in another process of Node. */
import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"

/**
 * Options of Node for a script: in a clone it is TypeScript and needs `tsx`, found from here wherever the process works; in
 * the published package it is JavaScript.
 *
 * @example
 * loaderOf("dist/experiments/run.js") // => []
 */
export const loaderOf = (script: string): ReadonlyArray<string> =>
  script.endsWith(".ts") ? ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href] : []
