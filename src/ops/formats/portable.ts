import { relative, resolve, sep } from "node:path"

/** A path relative to the working directory if it lies there, so that a process with another mount of it finds it. */
export const portable = (path: string): string => {
  const full = resolve(path)
  const here = resolve(".")
  return full.startsWith(here + sep) ? relative(here, full) : full
}
