/** A run and its workers on a real PostgreSQL: equal to one process, whoever is killed. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { database } from "../../../src/experiments/cluster/connect.ts"
import { folderId } from "../../../src/experiments/cluster/fit.ts"
import { isUnderWay } from "../../../src/experiments/cluster/sole-asker.ts"
import type { RunRecord } from "../../../src/experiments/folder/record.ts"
import { RunError } from "../../../src/experiments/run-error.ts"
import { parseAddress } from "../../../src/ops/postgres/address.ts"
import { dividing, preparing } from "../ranges/example.ts"
import { binaries, openPostgres, PASSWORD, type Postgres } from "./postgres.ts"
import { program, ready, running, startWorker, until } from "./programs.ts"

/** The command lines of all processes, where the system shows them. */
const commandLines = (): string =>
  (existsSync("/proc/self/cmdline") ? readdirSync("/proc") : [])
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(join("/proc", name, "cmdline"), "utf8")
      } catch {
        // It has ended meanwhile.
        return ""
      }
    })
    .join("\n")

/** The files below a folder that hold a text. */
const filesWith = (folder: string, text: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name))
    .filter((path) => readFileSync(path).includes(text))

const mount = (...args: ReadonlyArray<string>): boolean => spawnSync("mount", args).status === 0

/** Whether small disks can be made, which only root may do. */
const hasTmpfs = (() => {
  const folder = mkdtempSync(join(tmpdir(), "orbitrank-"))
  const made = process.platform === "linux" && mount("-t", "tmpfs", "-o", "size=16k", "tmpfs", folder)
  if (made) spawnSync("umount", [folder])
  rmSync(folder, { recursive: true })
  return made
})()

const FILES = ["embeddings.npy", "embeddings.csv", "embeddings.predicted.csv", "queries.csv"]

describe.skipIf(binaries === undefined)("a cluster on PostgreSQL", () => {
  const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
  let postgres: Postgres
  const run = (out: string, more: ReadonlyArray<string> = [], url: string | undefined = postgres.url) =>
    program("run.ts", ["divided.yaml", "--set", "range=4", "--out", out, ...more], home, url)
  const worker = (url = postgres.url, shared = home) => startWorker(shared, url, home)
  const asking = <A, E>(asked: Effect.Effect<A, E, SqlClient.SqlClient>): Promise<A> =>
    Effect.runPromise(Effect.scoped(Effect.provide(asked, database(parseAddress(postgres.url, "test", RunError)))))
  const filesOf = (out: string) => FILES.map((name) => readFileSync(join(home, out, name)).toString("base64"))
  const recordOf = (out: string) => JSON.parse(readFileSync(join(home, out, "record.json"), "utf8")) as RunRecord
  const partsOf = (out: string) => {
    const folder = join(home, out, "parts", "extract", "4-embed")
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")).length : 0
  }
  const expectWhole = (out: string) => {
    expect(filesOf(out)).toEqual(filesOf("whole"))
    expect(recordOf(out).results).toEqual(recordOf("whole").results)
  }

  beforeAll(async () => {
    postgres = await openPostgres()
    preparing(home)
    dividing(home)
    writeFileSync(
      join(home, "cell.yaml"),
      `device: cpu
pipelines:
  test:
    - embeddings: { from: whole/embeddings.npy, labels: whole/embeddings.csv }
    - rank: { queries: 0.5, seed: 24 }
    - measure: { at: [5], per_query: queries }
    - report
`
    )
    const prepared = program("run.ts", ["prepare.yaml", "--out", "prepared"], home, undefined)
    expect([await prepared.ended, prepared.said()]).toEqual([0, expect.anything()])
    const whole = program("run.ts", ["divided.yaml", "--out", "whole"], home, undefined)
    expect([await whole.ended, whole.said()]).toEqual([0, expect.anything()])
  })
  afterEach(() => {
    for (const one of running) one.kill("SIGKILL")
  })
  afterAll(async () => {
    await postgres?.remove()
    rmSync(home, { recursive: true, force: true })
  })

  it("gives the bytes and the figures of one process, and records who made what", async () => {
    const workers = [worker(), worker()]
    await ready(workers)
    const driver = run("two", ["--cluster"])
    await until("a part", () => partsOf("two") > 0 || existsSync(join(home, "two", "embeddings.npy")), driver)
    expect(commandLines()).not.toContain(PASSWORD)
    expect([await driver.ended, driver.said()]).toEqual([0, expect.stringContaining("16 of 16 ranges")])
    expectWhole("two")
    const { workers: recorded } = recordOf("two") as unknown as {
      readonly workers: { readonly extract: ReadonlyArray<{ readonly worker: string; readonly ranges: number }> }
    }
    expect(recorded.extract).toHaveLength(2)
    expect(recorded.extract.reduce((sum, { ranges }) => sum + ranges, 0)).toBe(16)
    expect(existsSync(join(home, "two", "parts"))).toBe(false)
    for (const text of [driver.said(), ...workers.map(({ said }) => said())]) expect(text).not.toContain(PASSWORD)
    expect(filesWith(home, PASSWORD)).toEqual([])
  })

  it("survives kills of the driver and of a worker, and a restart of the database", async () => {
    const [first] = [worker(), worker()]
    const killed = run("killed", ["--cluster"])
    await until("three parts", () => partsOf("killed") >= 3, killed)
    killed.process.kill("SIGKILL")
    first.process.kill("SIGKILL")
    await Promise.all([killed.ended, first.ended])
    const again = run("killed", ["--cluster"])
    // The database goes away once the new driver has reached it; a worker makes parts that are under way without it.
    const reached = () => again.said().includes("  cluster: ") && again.said().includes("are there already")
    await until("the new driver", reached, again)
    await postgres.kill()
    await new Promise((done) => setTimeout(done, 5000))
    await postgres.start()
    expect([await again.ended, again.said()]).toEqual([0, expect.stringContaining("are there already")])
    expectWhole("killed")
  })

  it("names a failure once, with the place of the step", async () => {
    worker()
    const driver = run("failing", ["--cluster", "--set", "extract.crop.size=500"])
    expect([await driver.ended, driver.said()]).toEqual([
      1,
      expect.stringMatching(/pipelines\.extract\.crop: .* too few for a crop of 500 x 500/)
    ])
  })

  it("runs the cells of a sweep on two workers, each equal to the same command", async () => {
    writeFileSync(
      join(home, "sweep.yaml"),
      "sweep:\n  of: cell.yaml\n  over: { seed: [1, 2], test.rank.by: [cosine, l2] }\n  resamples: 20\n"
    )
    const there = ["--shared", home, "--device", "cpu"]
    const workers = [1, 2].map(() => program("worker.ts", there, home, postgres.url))
    await ready(workers)
    const swept = program("run.ts", ["sweep.yaml", "--out", "swept", "--cluster"], home, postgres.url)
    expect([await swept.ended, swept.said()]).toEqual([0, expect.stringContaining("by=l2,seed=2: done")])
    const alone = program(
      "run.ts",
      ["cell.yaml", "--set", "seed=2", "--set", "test.rank.by=l2", "--out", "alone"],
      home,
      undefined
    )
    expect(await alone.ended).toBe(0)
    expect(recordOf("swept/cells/by=l2,seed=2").results).toEqual(recordOf("alone").results)
    for (const one of workers) expect(one.said()).toContain("done")
    expect(existsSync(join(home, "swept", "result", "sweep.json"))).toBe(true)
    expect(existsSync(join(home, "swept", "parts"))).toBe(false)
  })

  it("never runs a cell as a killed sweep had offered it", async () => {
    writeFileSync(join(home, "seeds.yaml"), "sweep:\n  of: cell.yaml\n  over: { seed: [1, 2] }\n")
    const sweep = (more: ReadonlyArray<string>) =>
      program("run.ts", ["seeds.yaml", "--out", "reswept", "--cluster", ...more], home, postgres.url)
    const killed = sweep([])
    await until("the offer of its cells", () => killed.said().includes("no worker has reported"), killed)
    killed.process.kill("SIGKILL")
    await killed.ended
    const again = sweep(["--set", "test.rank.seed=7"])
    // Until then, a worker may run cells of the killed sweep.
    await until("the second sweep", () => again.said().includes("  cluster: "), again)
    program("worker.ts", ["--shared", home, "--device", "cpu"], home, postgres.url)
    expect([await again.ended, again.said()]).toEqual([0, expect.stringContaining("seed=2: done")])
    for (const cell of ["seed=1", "seed=2"]) {
      const { test } = recordOf(`reswept/cells/${cell}`).configuration.pipelines
      expect(JSON.stringify(test)).toContain('"seed":7')
    }
  })

  it("lets one run at a time use a folder, even without its lock file", async () => {
    const first = run("locked", ["--cluster"])
    await until("the first run", () => first.said().includes("  cluster: "), first)
    rmSync(join(home, "locked", "run.lock"))
    const second = run("locked", ["--cluster"])
    expect([await second.ended, second.said()]).toEqual([
      2,
      expect.stringContaining("in use by another run of this cluster")
    ])
    // Without this file, workers would make no more ranges of the first run, and it would wait for ever.
    expect(readdirSync(join(home, "locked", "parts")).filter((name) => name.endsWith(".wanted"))).toHaveLength(1)
    // By this lock, workers know that a run is under way whose folder they do not see.
    const fit = { program: "", folder: folderId(home), engine: "any" }
    const held = () => asking(isUnderWay(fit, home, join(home, "locked")))
    expect(await held()).toBe(true)
    first.process.kill("SIGINT")
    expect(await first.ended).toBe(130)
    expect(await held()).toBe(false)
  })

  it("continues the cell of a machine that died, once its lock has grown old", async () => {
    writeFileSync(join(home, "one.yaml"), "sweep:\n  of: cell.yaml\n  over: { seed: [1] }\n")
    const cell = join(home, "died", "cells", "seed=1")
    mkdirSync(cell, { recursive: true })
    writeFileSync(join(cell, "run.lock"), JSON.stringify({ host: "elsewhere 1", pid: 1, token: "a-1", beat: 2000 }))
    const one = program("worker.ts", ["--shared", home, "--device", "cpu"], home, postgres.url)
    const swept = program("run.ts", ["one.yaml", "--out", "died", "--cluster"], home, postgres.url)
    expect([await swept.ended, swept.said()]).toEqual([0, expect.stringContaining("seed=1: done")])
    expect(one.said()).toContain("seed=1: done")
    expect(existsSync(join(cell, "run.lock"))).toBe(false)
  })

  it.skipIf(!hasTmpfs)("fails with one message if the disk of a worker is full, and loses nothing", async () => {
    const begun = run("full", ["--cluster"])
    await until("the run", () => begun.said().includes("  cluster: "), begun)
    begun.process.kill("SIGINT")
    expect(await begun.ended).toBe(130)
    const disk = join(home, "full", "parts", "extract", "4-embed")
    mkdirSync(disk, { recursive: true })
    expect(mount("-t", "tmpfs", "-o", "size=16k", "tmpfs", disk)).toBe(true)
    try {
      worker()
      const failed = run("full", ["--cluster"])
      expect([await failed.ended, failed.said()]).toEqual([
        1,
        expect.stringMatching(/no space left on device|disk is full/i)
      ])
      expect(failed.said().match(/no space left|disk is full/gi)).toHaveLength(1)
    } finally {
      // The worker may be writing there at this moment.
      spawnSync("umount", ["--lazy", disk])
    }
    const again = run("full", ["--cluster"])
    expect([await again.ended, again.said()]).toEqual([0, expect.anything()])
    expectWhole("full")
  })

  it("says why nobody takes its ranges", async () => {
    const elsewhere = join(home, "elsewhere")
    mkdirSync(elsewhere)
    const driver = run("nobody", ["--cluster"])
    await until("no worker", () => driver.said().includes("no worker has reported"), driver)
    worker(postgres.url, elsewhere)
    await until("another folder", () => driver.said().includes("shares another folder"), driver)
    driver.process.kill("SIGINT")
    expect(await driver.ended).toBe(130)
    expect(existsSync(join(home, "nobody", "parts"))).toBe(false)
  })

  it("refuses a wrong address, a wrong password, missing rights and no address by one message without secrets", async () => {
    await asking(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`REVOKE CREATE ON SCHEMA public FROM PUBLIC`
        yield* sql`CREATE ROLE weak LOGIN PASSWORD 'another'`
      })
    )
    const weak = postgres.url.replace(`orbitrank:${PASSWORD}`, "weak:another")
    const cases = [
      [weak, "does not let this user create or write tables. Grant CREATE"],
      [postgres.url.replace(String(postgres.port), "1"), "does not answer"],
      [postgres.url.replace(PASSWORD, "another"), "refuses the user or the password"],
      [postgres.url.replace(/postgres$/, "absent"), "has no database of that name"],
      ["mysql://orbitrank:another@127.0.0.1/postgres", "ORBITRANK_CLUSTER: is not the address of a PostgreSQL database"]
    ] as const
    for (const [url, message] of cases) {
      const driver = run("refused", ["--cluster"], url)
      const code = await driver.ended
      expect([code, driver.said()]).toEqual([2, expect.stringContaining(message)])
      expect(driver.said()).not.toMatch(/another@|s3cret/)
    }
  })
})
