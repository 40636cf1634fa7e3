import { relative, resolve, sep } from "node:path"

/** A path, relative if it lies below the working directory, so that a process that mounts that directory elsewhere finds it. */
export const portable = (path: string): string => {
  const full = resolve(path)
  const here = resolve(".")
  return full.startsWith(here + sep) ? relative(here, full) : full
}
