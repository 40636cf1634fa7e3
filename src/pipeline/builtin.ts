/**
 * A module of Node, for functions that browsers import but cannot use. An `import` would stop a bundler for browsers.
 *
 * @typeParam Module its type
 * @param name without `node:`
 * @throws Error in a browser
 *
 * @example
 * builtin<typeof import("node:path")>("path").basename("a/b.csv") // => "b.csv"
 */
export const builtin = <Module extends object>(name: string): Module => {
  const module = globalThis.process?.getBuiltinModule?.(name)
  if (module === undefined) throw new Error(`needs the module ${name} of Node, which browsers do not have`)
  return module as Module
}
