/** What stands in a folder of libraries, and in the built package: small JSON files beside them. */
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"

/** Says what a finished folder holds; it is written last but one, before the folder gets its name. */
export interface Built {
  readonly version: string
  readonly gpu: boolean
  /** `linux-x64` */
  readonly platform: string
  /** File or folder that the libraries came from. */
  readonly from: string
  /** Libraries with their bytes, relative to the folder of libraries. */
  readonly libraries: Readonly<Record<string, number>>
  /** The folder of libraries. Absolute. */
  readonly folder: string
  /** Version of the JavaScript package; only in a built package. */
  readonly packageVersion?: string
}

export const RECORD_FILE = "orbitrank.json"

const isBuilt = (value: unknown): value is Built =>
  typeof value === "object" &&
  value !== null &&
  ["version", "platform", "folder"].every((key) => typeof (value as Record<string, unknown>)[key] === "string") &&
  typeof (value as Built).gpu === "boolean" &&
  typeof (value as Built).libraries === "object"

/** What a folder says of itself; undefined where there is no such file or it is not ours. */
export const readBuilt = (folder: string): Built | undefined => {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, RECORD_FILE), "utf8"))
    return isBuilt(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** A finished folder whose libraries are as long as they were when it was made. */
export const wholeLibraries = (folder: string): Built | undefined => {
  const built = readBuilt(folder)
  if (built === undefined) return undefined
  const whole = Object.entries(built.libraries).every(
    ([place, bytes]) => statSync(join(folder, place), { throwIfNoEntry: false })?.size === bytes
  )
  return whole ? built : undefined
}
