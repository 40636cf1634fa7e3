/** Functions of Node's `util` that the native package calls and Node 23 has removed. */
import { createRequire } from "node:module"

const REMOVED: Readonly<Record<string, (value: unknown) => boolean>> = {
  isNullOrUndefined: (value) => value === null || value === undefined,
  isArray: (value) => Array.isArray(value)
}

/**
 * Puts the missing ones back on the module object of `util`; those that Node has stay. Nothing else in the process
 * notices: `import` takes no part in it.
 *
 * @param util the object that `require("util")` gives
 */
export const restoreUtil = (util: Record<string, unknown> = createRequire(import.meta.url)("node:util")): void => {
  for (const [name, test] of Object.entries(REMOVED)) {
    if (util[name] === undefined) Object.defineProperty(util, name, { value: test, configurable: true, writable: true })
  }
}
