/** A worker's cells: whatever ends their processes, and however often. */
import { appendFileSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Fiber } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import type { CellTask } from "../../../src/experiments/cluster/queues.ts"
import { type CellOptions, runCell } from "../../../src/experiments/cluster/run-cell.ts"
import { isWanted } from "../../../src/experiments/cluster/wanted.ts"
import { cellLog, removeWanted, wantedFile, writeWanted } from "../../../src/experiments/ranges/part-files.ts"
import { openRuns } from "../../../src/experiments/sweep/child-run.ts"

const home = realpathSync(mkdtempSync(join(tmpdir(), "orbitrank-")))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const RUN = "00000000-0000-0000-0000-000000000000"
const sweep = join(home, "swept")
const cell: CellTask = {
  ...{ key: "0123456789abcdef", name: "seed=1" },
  ...{ file: "cell.yaml", set: [], folder: "swept/cells/seed=1", sweep: "swept" }
}
const lock = join(sweep, "cells", "seed=1", "run.lock")
const log = cellLog(sweep, RUN, cell.key)

// It takes so long that it is under way when the test acts.
writeFileSync(
  join(home, "cell.yaml"),
  "device: cpu\nroot_dir: data\npipelines: { prepare: [{ miniature: { kind: ucm, patches: 2000, size: 256 } }] }\n"
)

const options: Omit<CellOptions, "runs"> = {
  ...{ shared: home, run: RUN, device: "cpu", threads: 1, processes: 1, stage: undefined },
  wants: (run, folder) => isWanted(wantedFile(folder, run), Effect.succeed(false))
}
const running = Effect.scoped(Effect.flatMap(openRuns({ cwd: home }), (runs) => runCell(cell, { ...options, runs })))

/** Waits until the cell is under way; gives the number of its process. */
const underWay = async (): Promise<number> => {
  for (;;) {
    try {
      return JSON.parse(readFileSync(lock, "utf8")).pid
    } catch {
      await new Promise((done) => setTimeout(done, 20))
    }
  }
}

describe("a cell of a sweep on a worker", () => {
  it("that kills its process three times fails, and is named", async () => {
    writeWanted(sweep, RUN)
    for (let death = 1; death <= 3; death++) {
      const ended = Effect.runPromise(Effect.flip(running))
      process.kill(await underWay(), "SIGKILL")
      expect((await ended).message).toBe("seed=1: its process ended (SIGKILL).")
      rmSync(lock)
    }
    expect((await Effect.runPromise(Effect.flip(running))).message).toBe(
      "seed=1: its process was killed, or ran out of memory, 3 times. Run this cell alone to see why, or give each process more memory: fewer processes, smaller batches."
    )
    expect(readFileSync(log, "utf8")).toBe("begun\ndied\n".repeat(3))
    rmSync(log)
  })

  it("whose workers vanish ten times fails, and is named", async () => {
    appendFileSync(log, "begun\n".repeat(10))
    expect((await Effect.runPromise(Effect.flip(running))).message).toMatch(
      /^seed=1: the workers that ran it vanished, 10 times\. /
    )
    rmSync(log)
  })

  it("that is interrupted has not died, and its notes go with the sweep", async () => {
    const fiber = Effect.runFork(running)
    await underWay()
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect(Exit.isSuccess(await Effect.runPromise(Fiber.await(fiber)))).toBe(false)
    expect(readFileSync(log, "utf8")).toBe("begun\nended\n")
    removeWanted(sweep, RUN)
    expect(() => readFileSync(log)).toThrow("ENOENT")
    expect(await Effect.runPromise(running)).toBeUndefined()
  })
})
