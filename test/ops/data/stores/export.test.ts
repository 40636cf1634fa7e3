import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { exportStore } from "../../../../src/ops/data/stores/export.ts"
import { decodeSafetensors } from "../../../../src/ops/formats/safetensors/read.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { runIn } from "../streams.ts"
import { sevenPatches, writeStore } from "./filled-stores.ts"

const root = temporaryFolder()
const { collect, recorded } = runIn(root)
const written = writeStore(root)
const plain = sevenPatches

describe("export", () => {
  effect("writes a file per patch, as the store has it", () =>
    Effect.gen(function* () {
      yield* written("patches.lmdb", plain)
      expect(yield* collect(exportStore({ to: "each", by: "patch" }))).toHaveLength(7)
      expect(readdirSync(join(root, "each")).sort()).toEqual(plain.map(([name]) => `${name}.safetensors`))
      for (const [name, bytes] of plain) {
        expect(readFileSync(join(root, "each", `${name}.safetensors`)).equals(bytes)).toBe(true)
      }
    })
  )

  effect("puts patches whose names have folders there", () =>
    Effect.gen(function* () {
      yield* written("nested.lmdb", [
        ["north/a", plain[0][1]],
        ["north/b.c", plain[1][1]]
      ])
      yield* collect(exportStore({ from: "nested.lmdb", to: "nested", by: "patch" }))
      expect(readdirSync(join(root, "nested", "north")).sort()).toEqual(["a.safetensors", "b.c.safetensors"])
    })
  )

  effect("writes shards with an index, the same again when told again", () =>
    Effect.gen(function* () {
      yield* written("patches.lmdb", plain)
      const files = () =>
        readdirSync(join(root, "shards")).map(
          (name) => [name, readFileSync(join(root, "shards", name), "utf8")] as const
        )
      expect((yield* collect(exportStore({ to: "shards", size: 3 }))).map(({ patches }) => patches)).toEqual([3, 3, 1])
      const first = files()
      yield* collect(exportStore({ to: "shards", size: 3 }))
      expect(files()).toEqual(first)
      const index = JSON.parse(readFileSync(join(root, "shards", "patches.safetensors.index.json"), "utf8"))
      expect(Object.keys(index.weight_map)).toHaveLength(14)
      expect(index.weight_map["p3/B02"]).toBe("patches-00002.safetensors")
      const shard = decodeSafetensors(readFileSync(join(root, "shards", index.weight_map["p3/B02"])), "shard")
      expect(shard.metadata["p3/labels_19"]).toBe('["Pastures"]')
      expect(shard.tensors.find(({ name }) => name === "p3/B02")).toEqual({
        name: "p3/B02",
        dtype: "uint16",
        shape: [12, 12],
        data: new Uint16Array(144).fill(3)
      })
    })
  )

  effect("replaces an earlier export, and leaves out what is bad whatever is wrong with it", () =>
    Effect.gen(function* () {
      const many = [
        ...plain,
        ["bad", Uint8Array.of(1)],
        [`${"n".repeat(300)}`, plain[0][1]],
        ["..", plain[0][1]]
      ] as const
      yield* written("many.lmdb", many)
      const from = { from: "many.lmdb", to: "again" } as const
      yield* collect(exportStore({ ...from, size: 1, on_bad_patch: "skip" }))
      const shards = () => readdirSync(join(root, "again")).filter((name) => name.endsWith(".safetensors"))
      expect(shards()).toHaveLength(9)
      // Stopped half-way it has no index: it is not whole.
      expect((yield* Effect.flip(collect(exportStore({ ...from, size: 5 })))).message).toContain("bad: holds 1 bytes")
      expect(readdirSync(join(root, "again")).filter((name) => !name.endsWith(".safetensors"))).toEqual([])
      yield* collect(exportStore({ ...from, size: 5, on_bad_patch: "skip" }))
      expect(shards()).toEqual(["patches-00001.safetensors", "patches-00002.safetensors"])
      const index = JSON.parse(readFileSync(join(root, "again", "patches.safetensors.index.json"), "utf8"))
      expect(new Set(Object.values(index.weight_map))).toEqual(new Set(shards()))
      const each = yield* collect(exportStore({ ...from, to: "apart", by: "patch", on_bad_patch: "skip" }))
      expect(each).toHaveLength(7)
      const left = recorded["skipped.export"] as ReadonlyArray<{ readonly name: string }>
      expect(left.map(({ name }) => name).sort()).toEqual(["..", "bad", "n".repeat(300)])
    })
  )

  effect("refuses names that would lead elsewhere, and folders that cannot be", () =>
    Effect.gen(function* () {
      for (const name of ["../elsewhere", "a/../../elsewhere", "/elsewhere", "a//b", "a\\b", "."]) {
        yield* written("paths.lmdb", [[name, plain[0][1]]])
        const fault = yield* Effect.flip(collect(exportStore({ from: "paths.lmdb", by: "patch" })))
        expect(fault.message).toContain(`${name}: cannot be a file's name. Export with \`by: shard\``)
        rmSync(join(root, "paths.lmdb"), { recursive: true })
      }
      yield* written("patches.lmdb", plain)
      mkdirSync(join(root, "taken"))
      writeFileSync(join(root, "taken", "file"), "x")
      const blocked = yield* Effect.flip(collect(exportStore({ to: "taken/file" })))
      expect(blocked.message).toContain(join(root, "taken", "file"))
    })
  )

  effect("tells a name that needs another patch's file as a folder from a full disk", () =>
    Effect.gen(function* () {
      yield* written("clash.lmdb", [
        ["a", plain[0][1]],
        ["a.safetensors/b", plain[1][1]],
        ["c.safetensors/d", plain[2][1]]
      ])
      const from = { from: "clash.lmdb", to: "clash", by: "patch" } as const
      const fault = yield* Effect.flip(collect(exportStore(from)))
      expect(fault.message).toContain(
        "a.safetensors/b: needs the folder a.safetensors, which is the file of patch a. Export with `by: shard`"
      )
      const rest = yield* collect(exportStore({ ...from, on_bad_patch: "skip" }))
      expect(rest.map(({ path }) => path)).toEqual(
        ["a.safetensors", "c.safetensors/d.safetensors"].map((name) => join(root, "clash", name))
      )
      expect(yield* collect(exportStore({ ...from, by: "shard", to: "shard" }))).toHaveLength(1)
    })
  )

  effect("removes the partial files of exports that were killed, and nobody else's", () =>
    Effect.gen(function* () {
      yield* written("patches.lmdb", plain)
      const ended = spawnSync(process.execPath, ["-e", ""]).pid
      for (const by of ["patch", "shard"] as const) {
        const folder = join(root, `swept-${by}`)
        mkdirSync(folder)
        const [dead, alive, own] = [
          `p1.safetensors.${ended}.partial`,
          `p1.safetensors.${process.ppid}.partial`,
          "p.partial"
        ]
        for (const name of [dead, alive, own]) writeFileSync(join(folder, name), "x")
        yield* collect(exportStore({ to: folder, by }))
        expect([dead, alive, own].map((name) => existsSync(join(folder, name)))).toEqual([false, true, true])
      }
    })
  )
})
