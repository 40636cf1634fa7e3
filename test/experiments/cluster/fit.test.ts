import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { engineKind, type Fit, folderId, program, queueName } from "../../../src/experiments/cluster/fit.ts"
import { sameEngine } from "../../../src/experiments/ranges/part-files.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

describe("workers that may make the ranges of a run", () => {
  const fit: Fit = { program: program(), folder: folderId(home), engine: "wasm 4.22.0" }
  it("look into the queue of their program, folder and engine only", () => {
    expect(queueName({ ...fit })).toBe(queueName(fit))
    const others: ReadonlyArray<Partial<Fit>> = [{ program: "of another lockfile" }, { folder: "f" }, { engine: "any" }]
    const names = others.map((other) => queueName({ ...fit, ...other }))
    expect(new Set([queueName(fit), ...names]).size).toBe(4)
  })

  it("share a folder if they find the same id in it", () => {
    expect(folderId(home)).toBe(fit.folder)
    writeFileSync(join(home, ".orbitrank-cluster"), "another file\n")
    expect(() => folderId(home)).toThrow("is not an id of a shared folder")
    expect(() => folderId(join(home, "absent"))).toThrow("cannot be used as the shared folder")
  })

  it("have engines of one name, version, device and precision", () => {
    const engine = {
      name: "wasm",
      version: "4.22.0",
      threads: 1,
      workers: 1,
      gpu: false,
      graph: false,
      why: ""
    } as const
    const one = { ...engine, precision: "float32" } as const
    expect(engineKind(one)).toBe("wasm 4.22.0")
    expect(engineKind({ ...one, gpu: true })).not.toBe(engineKind(one))
    expect(sameEngine(one, { ...one, threads: 8 })).toBe(true)
    expect(sameEngine(one, { ...one, version: "4.21.0" })).toBe(false)
    expect(sameEngine(one, { ...one, precision: "bf16" })).toBe(false)
  })
})
