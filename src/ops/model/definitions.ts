/** Definitions of one kind, keyed by their own names. */
export type ByName<D extends { readonly name: string }> = {
  readonly [N in D["name"]]: Extract<D, { readonly name: N }>
}

/**
 * Keys definitions by their names, in the order of the list.
 *
 * @throws TypeError if two definitions have the same name
 *
 * @example
 * Object.keys(byName([{ name: "avg" }, { name: "max" }])) // => ["avg", "max"]
 */
export const byName = <const D extends { readonly name: string }>(definitions: ReadonlyArray<D>): ByName<D> => {
  const found = new Map(definitions.map((definition) => [definition.name, definition]))
  if (found.size < definitions.length) throw new TypeError("two definitions have the same name")
  return Object.fromEntries(found) as ByName<D>
}

/** Names of definitions, in the order of the list. */
export const namesOf = <D extends { readonly name: string }>(definitions: ReadonlyArray<D>): ReadonlyArray<D["name"]> =>
  definitions.map(({ name }) => name)
