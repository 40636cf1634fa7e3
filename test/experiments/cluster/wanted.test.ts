import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { afterAll, describe, expect } from "vitest"
import { isWanted } from "../../../src/experiments/cluster/wanted.ts"
import { effect } from "../../effect.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

describe("the wanted file of a run", () => {
  const [there, absent] = [join(home, "there.wanted"), join(home, "absent.wanted")]
  writeFileSync(there, "")

  effect("is believed if it is there, and its absence if the run is over", () =>
    Effect.gen(function* () {
      expect(yield* isWanted(there, Effect.die("not asked"))).toBe(true)
      expect(yield* isWanted(absent, Effect.succeed(false))).toBe(false)
    })
  )

  effect("is waited for while the run is under way; in a copy of its folder it never appears", () =>
    Effect.gen(function* () {
      const late = join(home, "late.wanted")
      const [seen, copied] = yield* Effect.forEach([late, absent], (path) =>
        Effect.forkChild(isWanted(path, Effect.succeed(true)))
      )
      yield* TestClock.adjust("30 seconds")
      writeFileSync(late, "")
      yield* TestClock.adjust("40 seconds")
      expect(yield* Fiber.join(seen)).toBe(true)
      const failure = yield* Effect.flip(Fiber.join(copied))
      expect(failure.message).toBe(
        `${absent}: is not there, though the run that wrote it is under way. Start this worker with the folder that the run uses, not with a copy of it.`
      )
    }).pipe(Effect.provide(TestClock.layer()))
  )
})
