import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** Where reference cases are read from: `REFERENCE_DIR`, or the copies beside the tests. */
export const referenceDir = process.env.REFERENCE_DIR || join(import.meta.dirname, "reference")

/** An array as the reference files write it: row-major, `null` for NaN. */
export interface ReferenceArray {
  readonly shape: ReadonlyArray<number>
  readonly data: ReadonlyArray<number>
}

/** The bytes of one reference file. */
export const referenceBytes = (name: string): Buffer => {
  const path = join(referenceDir, name)
  if (existsSync(path)) return readFileSync(path)
  throw new Error(`${path}: there is no such reference file. Put it there, or leave REFERENCE_DIR out.`)
}

/** Reads one reference file; its values, seeds and sizes are nowhere else. */
export const reference = <A>(name: string): A => JSON.parse(referenceBytes(name).toString("utf8")) as A
