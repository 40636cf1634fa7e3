/** Memory of files that worker threads read: never of two files at a time, and never of a decoded patch. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Decoded } from "../../../../../src/ops/data/archives/decode-work.ts"
import { decodePatch } from "../../../../../src/ops/data/archives/open-archive.ts"
import { usingArchiveFile } from "../../../../../src/ops/data/archives/shared/read-file.ts"
import { miniature } from "../../../../../src/ops/data/miniature/miniature.ts"
import type { PatchRef } from "../../../../../src/ops/elements.ts"
import { rawBytes } from "../../../../../src/ops/formats/dtypes.ts"
import { workerPool } from "../../../../../src/ops/workers/pool.ts"
import { effect } from "../../../../effect.ts"
import { runs } from "../../../../runs.ts"
import { temporaryFolder } from "../../folder.ts"
import { runIn } from "../../streams.ts"

describe("files in memory that is used again", () => {
  it("keep their bytes until they are no longer in use, whatever their sizes", async () => {
    const root = temporaryFolder()
    const sizes = fc.array(fc.oneof(fc.nat(1000), fc.integer({ min: 2 ** 18 - 1, max: 2 ** 18 + 1 })), {
      minLength: 1,
      maxLength: 6
    })
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(fc.nat(4), { minLength: 6, maxLength: 6 }), async (all, waits) => {
        const files = all.map((size, i) => {
          const bytes = Buffer.alloc(size, `file ${i}`)
          writeFileSync(join(root, `${i}`), bytes)
          return bytes
        })
        const found = await Promise.all(
          files.map((_, i) =>
            usingArchiveFile(join(root, `${i}`), "is missing", async (bytes) => {
              for (let wait = 0; wait < waits[i]; wait++) await new Promise(setImmediate)
              return Buffer.from(bytes)
            })
          )
        )
        expect(found.map((bytes, i) => Buffer.compare(bytes, files[i]))).toEqual(all.map(() => 0))
      }),
      runs(10)
    )
  })

  it("are named if they cannot be read, and by what is thrown in their use", async () => {
    const root = temporaryFolder()
    const none = usingArchiveFile(join(root, "none.tif"), "is missing: a band", async () => 0)
    await expect(none).rejects.toThrow("none.tif: is missing: a band")
    await expect(usingArchiveFile(root, "is missing", async () => 0)).rejects.toThrow("cannot be read (EISDIR")
    writeFileSync(join(root, "a"), "a")
    const thrown = usingArchiveFile(join(root, "a"), "is missing", async () => Promise.reject(new Error("bad")))
    await expect(thrown).rejects.toThrow("bad")
  })

  effect("share nothing with the patches that are decoded from them", () =>
    Effect.gen(function* () {
      const root = temporaryFolder()
      const references = yield* runIn(root).collect(miniature({ patches: 2, to: "ben" }))
      const decode = Effect.scoped(
        Effect.gen(function* () {
          const module = new URL("../../../../../src/ops/data/archives/decode-work.ts", import.meta.url)
          const pool = yield* workerPool<PatchRef, Decoded>({ module, size: 1 })
          const all = [...references, ...references]
          const found = yield* Effect.forEach(all, (one) => pool.run(one), { concurrency: 4 })
          return found.map(({ patch }) => patch)
        })
      )
      const [here, there] = [
        yield* Effect.promise(() => Promise.all(references.map((one) => decodePatch(one)))),
        yield* decode
      ]
      const bands = there.flatMap((patch) => patch.bands)
      expect(new Set(bands.map(({ data }) => data.buffer)).size).toBe(2 * 2 * 12)
      const expected = [...here, ...here].flatMap((patch) => patch.bands)
      expect(bands.every(({ data }, i) => Buffer.compare(rawBytes(data), rawBytes(expected[i].data)) === 0)).toBe(true)
    })
  )
})
