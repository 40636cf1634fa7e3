import { createRequire } from "node:module"

const { resolve } = createRequire(import.meta.url)

/** Whether a package is installed. */
export const hasPackage = (name: string): boolean => {
  try {
    resolve(name)
    return true
  } catch {
    return false
  }
}
