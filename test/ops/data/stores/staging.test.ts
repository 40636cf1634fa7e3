/** Local copies of stores: equal to them, reused, and never at the cost of another file. */
import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Fiber } from "effect"
import { afterAll, describe, expect } from "vitest"
import { read } from "../../../../src/ops/data/patches/read.ts"
import { Staging, staged } from "../../../../src/ops/data/stores/staging.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { runIn } from "../streams.ts"
import { filledValue, sevenPatches, writeStore } from "./filled-stores.ts"

const root = temporaryFolder()
const { collect, layer, said } = runIn(root)
const write = writeStore(root)

const store = (name: string) => join(root, name)
const stagedIn = (folder: string, name: string) =>
  staged(store(name)).pipe(Effect.provideService(Staging, folder), Effect.provide(layer))
const dataOf = (folder: string) => readFileSync(join(folder, "data.mdb")).toString("base64")
const partials = (folder: string) =>
  readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith(".partial"))

describe("a store that is staged", () => {
  effect("is copied once, whole, and read from there", () =>
    Effect.gen(function* () {
      const local = join(root, "local")
      yield* write("a.lmdb", sevenPatches)
      const copy = yield* stagedIn(local, "a.lmdb")
      expect([copy.startsWith(local), dataOf(copy)]).toEqual([true, dataOf(store("a.lmdb"))])
      const { ino } = statSync(join(copy, "data.mdb"))
      expect(yield* stagedIn(local, "a.lmdb")).toBe(copy)
      expect(statSync(join(copy, "data.mdb")).ino).toBe(ino)
      expect(said.filter((line) => line.includes("copying"))).toEqual([
        expect.stringMatching(/^ {2}copying .*a\.lmdb\/data\.mdb \([\d.e-]+ GB\) to .*local/)
      ])
      expect(partials(local)).toEqual([])
    })
  )

  effect("gives its patches without another look at its pages", () =>
    Effect.gen(function* () {
      const local = join(root, "read")
      yield* write("b.lmdb", sevenPatches)
      const file = join(store("b.lmdb"), "data.mdb")
      utimesSync(file, 1e9, 1e9)
      writeFileSync(join(root, "train.csv"), sevenPatches.map(([name]) => `${name}\n`).join(""))
      const patches = read({ split: "train", from: "b.lmdb", bands: ["B02"], nomenclature: "19" })
      const whole = yield* collect(patches)
      const own = Effect.provideService(collect(patches), Staging, local)
      expect(yield* own).toEqual(whole)
      writeFileSync(file, new Uint8Array(statSync(file).size))
      utimesSync(file, 1e9, 1e9)
      expect(yield* own).toEqual(whole)
      expect(whole).toHaveLength(7)
    })
  )

  effect("gets another copy once it has changed; the first one stays", () =>
    Effect.gen(function* () {
      const local = join(root, "changed")
      yield* write("c.lmdb", sevenPatches.slice(0, 3))
      const first = yield* stagedIn(local, "c.lmdb")
      const before = dataOf(first)
      yield* write("c.lmdb", sevenPatches)
      utimesSync(join(store("c.lmdb"), "data.mdb"), 2e9, 2e9)
      const second = yield* stagedIn(local, "c.lmdb")
      expect(second).not.toBe(first)
      expect([dataOf(first), dataOf(second)]).toEqual([before, dataOf(store("c.lmdb"))])
    })
  )

  effect("is refused if its copy was changed, which is kept", () =>
    Effect.gen(function* () {
      const local = join(root, "altered")
      yield* write("d.lmdb", sevenPatches)
      const copy = join(yield* stagedIn(local, "d.lmdb"), "data.mdb")
      writeFileSync(copy, "mine")
      const fault = yield* Effect.flip(stagedIn(local, "d.lmdb"))
      expect(fault.message).toBe(
        `${copy}: was changed after it had been copied from ${store("d.lmdb")}/data.mdb. Choose another folder with \`--stage\`.`
      )
      expect(readFileSync(copy, "utf8")).toBe("mine")
    })
  )

  effect("is not copied while another process copies it; what a killed one left is removed", () =>
    Effect.gen(function* () {
      const local = join(root, "several")
      yield* write("e.lmdb", sevenPatches)
      const copy = yield* stagedIn(local, "e.lmdb")
      const file = join(copy, "data.mdb")
      rmSync(file)
      const ended = spawnSync(process.execPath, ["-e", "console.log(process.pid)"], { encoding: "utf8" })
      writeFileSync(`${file}.${ended.stdout.trim()}.partial`, "half")
      const other = `${file}.${process.ppid}.partial`
      writeFileSync(other, "half")
      const asked = said.length
      const waiting = yield* Effect.forkChild(stagedIn(local, "e.lmdb"))
      yield* Effect.sleep("300 millis")
      expect([readdirSync(copy).filter((name) => name.startsWith("data")), said.length]).toEqual([
        [`data.mdb.${process.ppid}.partial`],
        asked
      ])
      rmSync(other)
      expect(yield* Fiber.join(waiting)).toBe(copy)
      expect(dataOf(copy)).toBe(dataOf(store("e.lmdb")))
    })
  )

  effect("that does not exist is left to its reader", () =>
    Effect.gen(function* () {
      expect(yield* stagedIn(join(root, "none"), "absent.lmdb")).toBe(store("absent.lmdb"))
    })
  )
})

const disk = join(root, "disk")
mkdirSync(disk)
const done = (command: string, ...args: ReadonlyArray<string>) => spawnSync(command, args).status === 0
const mounted = process.platform === "linux" && done("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk)
afterAll(() => {
  if (mounted) done("umount", disk)
})

describe.skipIf(!mounted)("a local disk that is full (skipped where tmpfs cannot be mounted)", () => {
  effect("ends in one message, and nothing is left on it", () =>
    Effect.gen(function* () {
      yield* write("f.lmdb", [["large", filledValue({ B02: 120 }, 1)]])
      const fault = yield* Effect.flip(stagedIn(disk, "f.lmdb"))
      expect(fault.message).toMatch(
        /disk: has no room for a copy of .*f\.lmdb\/data\.mdb \(.* GB\)\. Free space there, or choose another folder with `--stage`\.$/
      )
      expect(partials(disk)).toEqual([])
    })
  )
})
