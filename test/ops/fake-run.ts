import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { Run } from "../../src/ops/run.ts"

/** A run in a folder of its own that is removed with the scope, and what operators told it. */
export const fakeRun = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "orbitrank-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )
  const said: Array<string> = []
  const recorded: Record<string, unknown> = {}
  const wrote: Array<string> = []
  const used: Array<string> = []
  const run = Run.of({
    folder,
    root: folder,
    seed: 7,
    experiment: "trial",
    say: (line) => Effect.sync(() => void said.push(line)),
    record: (path, value) => Effect.sync(() => void Object.assign(recorded, { [path]: value })),
    wrote: (path) => Effect.sync(() => void wrote.push(path)),
    uses: (path) => Effect.sync(() => void used.push(path))
  })
  return { folder, run, said, recorded, wrote, used }
})
