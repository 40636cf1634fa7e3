/** The records that the set-up leaves: one in the folder of libraries, one in the built package. */
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"

/** Contents of a finished folder. It is written last, before the folder gets its name. */
export interface Built {
  /** TensorFlow's version, such as `2.15.1`. */
  readonly version: string
  readonly gpu: boolean
  /** `linux-x64` */
  readonly platform: string
  /** File or folder that the libraries came from. */
  readonly from: string
  /** Size in bytes of each library; paths are relative to the folder of libraries. */
  readonly libraries: Readonly<Record<string, number>>
  /** SHA-256 (hexadecimal) of each library. Version 0.1.0 recorded none. */
  readonly sha256?: Readonly<Record<string, string>>
  /** The folder of libraries. Absolute. */
  readonly folder: string
  /** Version of the JavaScript package; only in a built package. */
  readonly packageVersion?: string
  /** Version of the part of the binding that is ours; only in a built package. Version 0.1.0 had none. */
  readonly graphFunctions?: number
}

/** Name of a record. */
export const RECORD_FILE = "orbitrank.json"

const isBuilt = (value: unknown): value is Built =>
  typeof value === "object" &&
  value !== null &&
  ["version", "platform", "folder"].every((key) => typeof (value as Record<string, unknown>)[key] === "string") &&
  typeof (value as Built).gpu === "boolean" &&
  typeof (value as Built).libraries === "object"

/** Returns the record in a folder; `undefined` if there is none or it is not ours. */
export const readBuilt = (folder: string): Built | undefined => {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, RECORD_FILE), "utf8"))
    return isBuilt(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Returns the record of a folder of libraries if all of them are there with their recorded sizes. */
export const wholeLibraries = (folder: string): Built | undefined => {
  const built = readBuilt(folder)
  if (built === undefined) return undefined
  const whole = Object.entries(built.libraries).every(
    ([place, bytes]) => statSync(join(folder, place), { throwIfNoEntry: false })?.size === bytes
  )
  return whole ? built : undefined
}
