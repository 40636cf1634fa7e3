/** Operators over all patches of a store: verify, export. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { S2_BANDS } from "../../../../src/ops/data/patches/bands.ts"
import { exportStore } from "../../../../src/ops/data/stores/export.ts"
import { openWriter } from "../../../../src/ops/data/stores/open-store.ts"
import { verify } from "../../../../src/ops/data/stores/verify.ts"
import { decodeSafetensors } from "../../../../src/ops/formats/safetensors/read.ts"
import { encodeSafetensors } from "../../../../src/ops/formats/safetensors/write.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { runIn } from "../streams.ts"
import { writeVersion1 } from "./version1-writer.ts"

const root = temporaryFolder()
const { collect, recorded } = runIn(root)

const value = (sizes: Readonly<Record<string, number>>, fill: number) =>
  encodeSafetensors(
    Object.entries(sizes).map(([name, size]) => ({
      name,
      dtype: "uint16",
      shape: [size, size],
      data: new Uint16Array(size * size).fill(fill)
    })),
    { labels_19: '["Pastures"]' }
  )
const written = (path: string, values: ReadonlyArray<readonly [string, Uint8Array]>) =>
  Effect.scoped(Effect.map(openWriter(join(root, path)), (store) => store.write(values)))
const plain = Array.from({ length: 7 }, (_, i) => [`p${i}`, value({ B02: 12, B01: 2 }, i)] as const)

describe("verify", () => {
  effect("says what a store of either version holds", () =>
    Effect.gen(function* () {
      yield* written("two.lmdb", plain)
      writeVersion1(join(root, "one.lmdb"), plain)
      for (const [version, from] of [[2, "two.lmdb"] as const, [1, "one.lmdb"] as const]) {
        const [found] = yield* collect(verify({ from }))
        expect(found).toEqual({
          kind: "verified store",
          path: join(root, from),
          version,
          patches: 7,
          bytes: 7 * plain[0][1].length,
          labelled: 7,
          forms: [
            { bands: ["B01 uint16 2 x 2", "B02 uint16 12 x 12"], patches: 7, examples: ["p0", "p1", "p2", "p3", "p4"] }
          ]
        })
      }
    })
  )

  effect("names patches unlike the others, unless they may be", () =>
    Effect.gen(function* () {
      const mixed = [...plain, ["odd", value({ B02: 11, B01: 2 }, 1)] as const]
      yield* written("mixed.lmdb", mixed)
      const fault = yield* Effect.flip(collect(verify({ from: "mixed.lmdb" })))
      expect(fault.message).toContain(
        "holds patches unlike the others: 1 patch has B01 uint16 2 x 2, B02 uint16 11 x 11 (odd)"
      )
      const [found] = yield* collect(verify({ from: "mixed.lmdb", expect: "any" }))
      expect(found.forms.map(({ patches }) => patches)).toEqual([7, 1])
      const strict = yield* Effect.flip(collect(verify({ from: "mixed.lmdb", expect: "bigearthnet" })))
      expect(strict.message).toContain("holds patches unlike BigEarthNet's: 7 patches have")
      const whole = Object.fromEntries(S2_BANDS.map(({ name, size }) => [name, size]))
      yield* written("right.lmdb", [["p", value(whole, 1)]])
      const { B03: _, ...lacking } = whole
      yield* written("lacking.lmdb", [["p", value(lacking, 1)]])
      const incomplete = yield* Effect.flip(collect(verify({ from: "lacking.lmdb", expect: "bigearthnet" })))
      expect(incomplete.message).toContain("holds patches unlike BigEarthNet's: 1 patch has B01")
      expect(yield* collect(verify({ from: "right.lmdb", expect: "bigearthnet" }))).toHaveLength(1)
    })
  )

  effect("names patches that cannot be read, or counts them", () =>
    Effect.gen(function* () {
      yield* written("bad.lmdb", [...plain, ["bad", Uint8Array.of(1, 2, 3)]])
      const fault = yield* Effect.flip(collect(verify({ from: "bad.lmdb" })))
      expect(fault.message).toContain("verify: 1 bad patch: bad: holds 3 bytes")
      const [found] = yield* collect(verify({ from: "bad.lmdb", on_bad_patch: "skip" }))
      expect(found.patches).toBe(7)
      expect(recorded["skipped.verify"]).toMatchObject([{ name: "bad" }])
    })
  )
})

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
})
