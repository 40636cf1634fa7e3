import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"

/** A folder that is gone when the file's tests are done. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "orbitrank-"))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
