/** A team whose threads fail or end: its caller, which waits without an event loop, gets an error. */
import { afterEach, describe, expect, it } from "vitest"
import type { Loop } from "../../../src/ops/workers/loops.ts"
import { type OpenTeam, openTeam } from "../../../src/ops/workers/team.ts"
import type { Doomed, End } from "./doomed.ts"

const module = new URL("./doomed.ts", import.meta.url)

let team: OpenTeam | undefined
afterEach(() => {
  team?.close()
  team = undefined
})

/** The loop on the calling thread: it leaves the last row to the other thread. */
const patient: Loop<Doomed> = {
  name: "doomed",
  rows:
    ({ begun }) =>
    () => {
      Atomics.wait(begun, 0, 0, 60_000)
    }
}

/** Runs the loop on two threads. The other thread always claims a row, because this one computes none before. */
const ending = (end: End) => (): void => {
  team ??= openTeam(module, 2)
  team.run(patient, { end, begun: new Int32Array(new SharedArrayBuffer(4)) }, 2)
}

describe("a team", () => {
  it("does not wait for ever for a thread that has ended, and cannot be used again", () => {
    expect(ending("exit")).toThrow("a thread that shares loops has ended (exit code 3)")
    expect(ending("exit")).toThrow("exit code 3")
  })

  it("reports that another thread failed", () => {
    expect(ending("error")).toThrow("a thread failed to compute doomed")
  })

  it("throws the error of the calling thread itself", () => {
    const alone = openTeam(module, 1)
    const loop: Loop<undefined> = {
      name: "failing",
      rows: () => () => {
        throw new RangeError("a bug of this thread")
      }
    }
    expect(() => alone.run(loop, undefined, 3)).toThrow(new RangeError("a bug of this thread"))
  })
})
