/** Restores functions of Node's `util` that the native package calls and that Node 23 has removed. */
import { createRequire } from "node:module"

const REMOVED: Readonly<Record<string, (value: unknown) => boolean>> = {
  isNullOrUndefined: (value) => value === null || value === undefined,
  isArray: (value) => Array.isArray(value)
}

/**
 * Adds the missing functions to the module object of `util`; functions that Node has are kept. Only code that calls
 * `require("util")` sees them, not code that uses `import`.
 *
 * @param util the object that `require("util")` returns
 */
export const restoreUtil = (util: Record<string, unknown> = createRequire(import.meta.url)("node:util")): void => {
  for (const [name, test] of Object.entries(REMOVED)) {
    if (util[name] === undefined) Object.defineProperty(util, name, { value: test, configurable: true, writable: true })
  }
}
