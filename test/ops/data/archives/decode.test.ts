import { rmSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { describe, expect } from "vitest"
import { archive } from "../../../../src/ops/data/archives/archive.ts"
import { decode } from "../../../../src/ops/data/archives/decode.ts"
import { miniature } from "../../../../src/ops/data/miniature/miniature.ts"
import { PatchRef } from "../../../../src/ops/elements.ts"
import { Threads } from "../../../../src/ops/workers/threads.ts"
import { source } from "../../../../src/pipeline/operator.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { runIn } from "../streams.ts"

const root = temporaryFolder()
const { collect, recorded } = runIn(root)

/** The same few patches again and again, so many that threads take over. */
const many = (references: ReadonlyArray<PatchRef>) =>
  source({
    name: "many",
    about: "Many references for tests.",
    to: PatchRef,
    params: {},
    run: () => Stream.fromIterable(Array.from({ length: 300 }, (_, i) => references[i % references.length]))
  })()

describe("decode", () => {
  effect("gives the same patches in the same order, whoever decodes them", () =>
    Effect.gen(function* () {
      const references = yield* collect(miniature({ patches: 5 }))
      const on = (threads: number) => Effect.provideService(collect(many(references).pipe(decode())), Threads, threads)
      const alone = yield* on(1)
      const together = yield* on(2)
      expect(together.map(({ name }) => name)).toEqual(alone.map(({ name }) => name))
      for (const i of [0, 255, 256, 257, 299]) expect(together[i]).toEqual(alone[i])
    })
  )

  effect("sets aside what a thread finds at fault", () =>
    Effect.gen(function* () {
      const references = yield* collect(archive({ path: "miniature", kind: "bigearthnet" }))
      const [{ folder, name }] = references
      rmSync(join(folder, `${name}_B08.tif`))
      const pipeline = many(references).pipe(decode({ on_bad_patch: "skip" }))
      const rest = yield* Effect.provideService(collect(pipeline), Threads, 2)
      expect(rest).toHaveLength(240)
      const bad = recorded["skipped.decode"] as ReadonlyArray<{ readonly name: string; readonly why: string }>
      expect(bad).toHaveLength(60)
      expect(bad[59]).toEqual({
        name,
        why: expect.stringContaining(`${name}_B08.tif: is missing: band B08 of the patch.`)
      })
    })
  )
})
