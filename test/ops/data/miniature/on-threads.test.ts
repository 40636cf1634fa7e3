import { createHash } from "node:crypto"
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { miniature } from "../../../../src/ops/data/miniature/miniature.ts"
import { Threads } from "../../../../src/ops/workers/threads.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { runIn } from "../streams.ts"

const root = temporaryFolder()
const { collect } = runIn(root)
/** So many that threads are worth their start. */
const PATCHES = 66

const on = (threads: number, to: string) =>
  Effect.provideService(collect(miniature({ patches: PATCHES, to })), Threads, threads)

/** One hash over the names and bytes of a folder's files. */
const hashOf = (folder: string): string => {
  const hash = createHash("sha256")
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()) {
    hash.update(file.slice(folder.length)).update(readFileSync(file))
  }
  return hash.digest("hex")
}

describe("a miniature made on worker threads", () => {
  effect(
    "has the same files and references as on one; a broken run of it is gone on with, or says what stands in its way",
    () =>
      Effect.gen(function* () {
        const [one, several] = [yield* on(1, "one"), yield* on(2, "several")]
        expect(several.map(({ folder, ...rest }) => rest)).toEqual(one.map(({ folder, ...rest }) => rest))
        const whole = hashOf(join(root, "one"))
        expect(hashOf(join(root, "several"))).toBe(whole)

        const manifest = join(root, "several", "miniature.json")
        writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"complete": true', '"complete": false'))
        rmSync(several[7].folder, { recursive: true })
        writeFileSync(several[7].folder, "")
        const error = yield* Effect.flip(on(2, "several"))
        expect(error.message).toMatch(/several: cannot be read or written \(EEXIST.*Check that the folder exists/)
        rmSync(several[7].folder)
        yield* on(2, "several")
        expect(hashOf(join(root, "several"))).toBe(whole)
      })
  )
})
