/** What the operator `store` does with what arrives, beyond the whole chain of preparing. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { archive } from "../../../../src/ops/data/archives/archive.ts"
import { decode } from "../../../../src/ops/data/archives/decode.ts"
import { store } from "../../../../src/ops/data/stores/store.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { runIn } from "../streams.ts"

const root = temporaryFolder()
const { collect } = runIn(root)

describe("storing", () => {
  effect("fails if no patch arrives, since reading such a store would fail later and elsewhere", () =>
    Effect.gen(function* () {
      const folder = join(root, "damaged")
      mkdirSync(folder)
      for (const name of ["a.png", "b.png"]) writeFileSync(join(folder, name), "not an image")
      writeFileSync(join(folder, "labels.csv"), "image,x\na.png,1\nb.png,1\n")
      const none = archive({ path: "damaged", kind: "folder" }).pipe(decode({ on_bad_patch: "skip" }), store())
      const fault = yield* Effect.flip(collect(none))
      expect(fault.message).toBe("store: no patches arrived. Check the archive and the steps before `store`.")
    })
  )
})
