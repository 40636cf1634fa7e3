import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { Engine } from "../../../../src/ops/tensor/engine.ts"
import { onThreads } from "../../../../src/ops/tensor/tiles/team.ts"
import type { Loop, Team } from "../../../../src/ops/workers/loops.ts"
import { Threads } from "../../../../src/ops/workers/threads.ts"

/** An engine that only notes which team it is given, and `undefined` when the sharing ends. */
const noting = (given: Array<Team | string | undefined>) =>
  ({
    share: (team: Team | undefined) => {
      given.push(team)
      return () => void given.push("end")
    }
  }) as unknown as Engine

const during = (threads: number, body: (given: ReadonlyArray<Team | string | undefined>) => void) => {
  const given: Array<Team | string | undefined> = []
  const scoped = Effect.scoped(
    Effect.andThen(
      onThreads(noting(given)),
      Effect.sync(() => body(given))
    )
  )
  return Effect.runPromise(Effect.as(Effect.provideService(scoped, Threads, threads), given))
}

/** Rows that are computed on this thread. */
const counting = (): { readonly loop: Loop<undefined>; readonly rows: () => number } => {
  let rows = 0
  return {
    loop: {
      name: "unknown to the threads",
      rows: () => (from, to) => {
        rows += to - from
      }
    },
    rows: () => rows
  }
}

describe("the threads of convolutions", () => {
  it("are lent to the engine until the scope ends", async () => {
    const given = await during(2, (sofar) => expect(sofar.length).toBe(1))
    expect(given.length).toBe(2)
    expect(given[0]).toHaveProperty("run")
    expect(given[1]).toBe("end")
  })

  it("are none with one thread", async () => {
    expect(await during(1, () => {})).toEqual([undefined, "end"])
  })

  it("start after some loops only; every row is computed before and afterwards", async () => {
    const { loop, rows } = counting()
    await during(2, ([team]) => {
      for (let i = 0; i < 80; i++) (team as Team).run(loop, undefined, 5)
    })
    expect(rows()).toBe(400)
  })
})
