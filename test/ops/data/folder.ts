import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"

const made: Array<string> = []
// Registered as this module is loaded, with the file of tests that asks for it: within a test it would come too late.
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

/** A folder that is gone when the file's tests are done. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "orbitrank-"))
  made.push(folder)
  return folder
}
