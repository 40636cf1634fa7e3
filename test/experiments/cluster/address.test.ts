import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { Redacted } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { addressFrom, neededAddress } from "../../../src/experiments/cluster/address.ts"
import { type WorkerRow, whyNobody } from "../../../src/experiments/cluster/registry.ts"
import { packed, unpacked } from "../../../src/experiments/cluster/shared-paths.ts"
import type { Task } from "../../../src/experiments/ranges/task.ts"
import { RunError } from "../../../src/experiments/run-error.ts"
import { parseAddress, serverOf } from "../../../src/ops/postgres/address.ts"
import { databaseError } from "../../../src/ops/postgres/client.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const parsed = (text: string) => parseAddress(text, "ORBITRANK_CLUSTER", RunError)

describe("the address of a cluster", () => {
  it("is read part by part, and shows its password nowhere", () => {
    const address = parsed("postgres://me:p%40ss@[::1]:7000/ranges")
    expect(address).toMatchObject({ host: "::1", port: 7000, database: "ranges", username: "me", ssl: "disable" })
    expect(Redacted.value(address.password as Redacted.Redacted)).toBe("p@ss")
    expect(inspect(address, { depth: 9 }) + JSON.stringify(address) + serverOf(address)).not.toContain("p@ss")
    expect(serverOf(address)).toBe("PostgreSQL at [::1]:7000/ranges")
  })

  it("is encrypted and checked unless it says otherwise, or the host is this machine", () => {
    const modes = [
      "db.example.org/a",
      "db.example.org/a?sslmode=require",
      "127.0.0.1/a",
      "localhost/a?sslmode=verify-full"
    ]
    expect(modes.map((rest) => parsed(`postgresql://me@${rest}`).ssl)).toEqual([
      "verify-full",
      "require",
      "disable",
      "verify-full"
    ])
  })

  it("that is wrong is refused without being shown", () => {
    const secret = "s3cret"
    for (const text of [
      `mysql://me:${secret}@host/a`,
      `me:${secret}@host`,
      `postgres://me:${secret}@host`,
      `postgres://me:${secret}@host/a?sslmode=prefer`,
      `postgres://me:${secret}%@host/a`
    ]) {
      expect(() => parsed(text), text).toThrow(/^ORBITRANK_CLUSTER: (is not|names no|has a)/)
      expect(() => parsed(text)).not.toThrow(secret)
    }
  })

  it("comes from the environment, where it is not left, or from a file that only its owner reads", () => {
    const environment: NodeJS.ProcessEnv = { ORBITRANK_CLUSTER: "postgres://me@127.0.0.1/a" }
    expect(addressFrom(environment)?.database).toBe("a")
    expect(environment).toEqual({})
    const file = join(home, "address")
    writeFileSync(file, "postgres://me@127.0.0.1/b\n")
    chmodSync(file, 0o644)
    const named = { ORBITRANK_CLUSTER_FILE: file }
    expect(() => addressFrom(named)).toThrow(`Run \`chmod 600 ${file}\``)
    chmodSync(file, 0o600)
    expect(addressFrom(named)?.database).toBe("b")
    expect(() => neededAddress({})).toThrow("no database is given")
  })

  it("is not part of a failure of the database", () => {
    const address = parsed("postgres://me:s3cret@127.0.0.1/a")
    const fault = Object.assign(new Error("x"), { cause: Object.assign(new Error("denied"), { code: "42501" }) })
    expect(databaseError(address, fault, RunError).message).toBe(
      "PostgreSQL at 127.0.0.1:5432/a: does not let this user create or write tables. Grant CREATE on the schema to this user, or use another user."
    )
  })
})

describe("a task", () => {
  const task: Task = {
    ...{ segment: "s", key: "k", pipeline: "extract", from: 0, to: 4 },
    steps: JSON.stringify([{ read: { from: "/a/project/store", lists: "lists" } }]),
    settings: { seed: 1, device: "wasm", precision: "float32", root_dir: "/a/project/data", experiment: "e" },
    folder: "/a/project/outputs/e",
    path: "/a/project/outputs/e/parts/k"
  }

  it("has the paths of each machine", () => {
    const there = unpacked(packed(task, "/a/project"), "/mnt/b")
    expect(JSON.parse(there.steps)).toEqual([{ read: { from: "/mnt/b/store", lists: "lists" } }])
    expect([there.folder, there.path, there.settings.root_dir]).toEqual([
      "/mnt/b/outputs/e",
      "/mnt/b/outputs/e/parts/k",
      "/mnt/b/data"
    ])
  })

  it("leaves the shared folder on no machine", () => {
    const from = (path: string): Task => ({ ...task, steps: JSON.stringify([{ read: { from: path } }]) })
    for (const path of ["/a/other", "/a/project-2/store", "../other"]) {
      expect(() => packed(from(path), "/a/project"), path).toThrow("lies outside the shared folder")
    }
    for (const path of ["/etc/passwd", "~/x", "../other", "<shared>/../other", "a/../../c"]) {
      expect(() => unpacked({ ...packed(task, "/a/project"), steps: from(path).steps }, "/mnt/b"), path).toThrow(
        "lies outside the shared folder"
      )
    }
  })
})

describe("why nobody takes ranges", () => {
  const fit = { program: "p", folder: "f", engine: "wasm 1" }
  const one = (more: Partial<WorkerRow>): WorkerRow => ({ name: "node 7", ...fit, ...more })
  it("is said for each worker that does not fit", () => {
    expect(whyNobody([], fit)).toBe(
      "no worker has reported to this database. Start one in the shared folder with `npx tsx src/experiments/worker.ts --shared .`."
    )
    const [version, folder] = [one({ program: "q" }), one({ name: "node 8", folder: "g" })]
    expect(whyNobody([version, folder], fit)).toBe(
      "node 7 runs another version of orbitrank or of its packages. Install the same ones there. node 8 shares another folder. Start it with the folder in which this run was started."
    )
    expect(whyNobody([one({ engine: "tensorflow 2" })], fit)).toMatch("another engine (tensorflow 2, not wasm 1)")
    expect(whyNobody([one({})], { ...fit, engine: "any" })).toMatch("started without `--any-engine`")
    expect(whyNobody([one({ program: "q" }), one({})], fit)).toBeUndefined()
  })
})
