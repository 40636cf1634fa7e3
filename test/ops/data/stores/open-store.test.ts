import { spawn } from "node:child_process"
import { once } from "node:events"
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { open } from "lmdb"
import { describe, expect, it, vi } from "vitest"
import { CLASSES_19, CLASSES_43 } from "../../../../src/ops/data/archives/bigearthnet/corine-labels.ts"
import { nomenclatureOf } from "../../../../src/ops/data/archives/nomenclatures.ts"
import { openReader, openWriter } from "../../../../src/ops/data/stores/open-store.ts"
import { decodeLabels, decodeValue, encodeValue } from "../../../../src/ops/data/stores/patch-value.ts"
import type { RawPatch } from "../../../../src/ops/elements.ts"
import { DataError, StoreError } from "../../../../src/ops/formats/data-error.ts"
import { storeVersion } from "../../../../src/ops/formats/lmdb/guard.ts"
import { readMeta } from "../../../../src/ops/formats/lmdb/layout.ts"
import { readPage } from "../../../../src/ops/formats/lmdb/page.ts"
import { decodeSafetensors } from "../../../../src/ops/formats/safetensors/read.ts"
import { encodeSafetensors } from "../../../../src/ops/formats/safetensors/write.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"

const root = temporaryFolder()
let stores = 0
const fresh = () => join(root, `store${stores++}.lmdb`)
const bytes = (...values: ReadonlyArray<number>) => Uint8Array.of(...values)

const filled = (path: string, entries: ReadonlyArray<readonly [string, Uint8Array]>) =>
  Effect.scoped(Effect.map(openWriter(path), (store) => store.write(entries)))
const all = (path: string, names: ReadonlyArray<string>) =>
  Effect.scoped(Effect.map(openReader(path), (store) => names.map((name) => [...store.read(name)])))

describe("a store", () => {
  effect("gives back what was written, and is a folder of two files", () =>
    Effect.gen(function* () {
      const path = fresh()
      const names = ["S2A_1_1", "Ünïcode/🛰", "a".repeat(1978)]
      const written = yield* filled(
        path,
        names.map((name, i) => [name, bytes(i, 255)])
      )
      expect(written).toBe(3)
      expect(readdirSync(path).sort()).toEqual(["data.mdb", "lock.mdb"])
      expect(yield* all(path, names)).toEqual([
        [0, 255],
        [1, 255],
        [2, 255]
      ])
      // Keys stand in the file as they are.
      expect(readFileSync(join(path, "data.mdb")).includes(Buffer.from("Ünïcode/🛰"))).toBe(true)
    })
  )

  effect("gives the same where reads wait for the disk, and are done on other threads", () =>
    Effect.gen(function* () {
      const path = fresh()
      const entries = Array.from({ length: 70 }, (_, i) => [`patch${i}`, new Uint8Array(40 * i).fill(i)] as const)
      yield* filled(path, entries)
      let time = 0
      // On this clock every read takes five milliseconds.
      const clock = vi.spyOn(performance, "now").mockImplementation(() => {
        time += 5
        return time
      })
      const found = yield* Effect.scoped(
        Effect.flatMap(openReader(path), (store) =>
          Effect.all([
            Effect.forEach(entries, ([name]) => Effect.map(store.load(name), (value) => [...value]), {
              concurrency: 4
            }),
            Effect.forEach(entries, ([name]) => store.decode(name, (value) => [...value]), { concurrency: 4 }),
            Effect.map(Effect.flip(store.load("none")), ({ message }) => message)
          ])
        )
      ).pipe(Effect.ensuring(Effect.sync(() => clock.mockRestore())))
      expect(time).toBeGreaterThan(0)
      // So few reads were timed: the others were done aside.
      expect(time).toBeLessThan(5 * 2 * entries.length)
      const values = entries.map(([, value]) => [...value])
      expect(found).toEqual([values, values, expect.stringContaining("holds no patch none")])
    })
  )

  effect("knows no patch whose name can be no key", () =>
    Effect.gen(function* () {
      const path = fresh()
      yield* filled(path, [["a", bytes(1)]])
      const has = yield* Effect.scoped(
        Effect.map(openReader(path), (store) => ["a", "b", "", "n".repeat(3000)].map(store.has))
      )
      expect(has).toEqual([true, false, false, false])
    })
  )

  it("is damaged where a list of free pages has another key than a number", async () => {
    const path = fresh()
    for (let i = 0; i < 12; i++) {
      const database = open<Buffer, Buffer>({ path, noSubdir: false, encoding: "binary", keyEncoding: "binary" })
      await database.put(Buffer.from("key"), Buffer.alloc(9000 + 100 * i))
      await database.close()
    }
    const file = join(path, "data.mdb")
    const fd = openSync(file, "r")
    const { free, ...data } = readMeta(fd, path)
    const page = readPage({ path, fd, free, ...data }, free.root ?? 0)
    closeSync(fd)
    const content = readFileSync(file)
    content.writeUInt16LE(7, page.number * data.pageSize + page.nodes[0] + 6)
    writeFileSync(file, content)
    expect(() => storeVersion(path)).toThrow(`page ${page.number} has keys that are not numbers`)
  })

  effect("keeps the keys it has", () =>
    Effect.gen(function* () {
      const path = fresh()
      yield* filled(path, [["a", bytes(1)]])
      const again = [
        ["a", bytes(9)],
        ["b", bytes(2)],
        ["b", bytes(3)]
      ] as const
      expect(yield* filled(path, again)).toBe(1)
      expect(yield* all(path, ["a", "b"])).toEqual([[1], [2]])
    })
  )

  effect("names a key that it does not hold", () =>
    Effect.gen(function* () {
      const path = fresh()
      yield* filled(path, [["a", bytes(1)]])
      const fault = yield* Effect.scoped(
        Effect.map(openReader(path), (store) => {
          try {
            return store.read("b")
          } catch (thrown) {
            return thrown
          }
        })
      )
      expect(fault).toBeInstanceOf(StoreError)
      expect((fault as StoreError).message).toContain(`${path}: holds no patch b`)
    })
  )

  effect("is not made by reading", () =>
    Effect.gen(function* () {
      const path = fresh()
      const fault = yield* Effect.flip(Effect.scoped(openReader(path)))
      expect(fault.message).toBe(`${path}: there is no store here. Run the pipeline that stores patches first.`)
      expect(storeVersion(path)).toBeUndefined()
    })
  )

  effect("is read by several at once, one closing before the other", () =>
    Effect.gen(function* () {
      const path = fresh()
      yield* filled(path, [["a", bytes(7)]])
      const first = yield* openReader(path)
      yield* Effect.scoped(Effect.map(openReader(path), (second) => second.read("a")))
      expect([...first.read("a")]).toEqual([7])
      expect(first.size).toBe(1)
    })
  )

  it.each(["", "a".repeat(1979)])("refuses a key that LMDB cannot hold", async (name) => {
    const path = fresh()
    const write = Effect.scoped(
      Effect.flatMap(openWriter(path), (store) =>
        Effect.try({ try: () => store.write([[name, bytes(1)]]), catch: (fault) => fault })
      )
    )
    expect(await Effect.runPromise(Effect.flip(write))).toBeInstanceOf(StoreError)
  })

  effect("holds whole batches after its writer was killed, and goes on", () =>
    Effect.gen(function* () {
      for (const after of [1, 9]) {
        const path = fresh()
        const child = spawn(process.execPath, ["--import", "tsx", join(import.meta.dirname, "writer.ts"), path])
        let said = -1
        child.stdout.on("data", (text: Buffer) => {
          said = Math.max(said, ...text.toString().trim().split("\n").map(Number))
          if (said >= after) child.kill("SIGKILL")
        })
        yield* Effect.promise(() => once(child, "close"))
        expect(said).toBeGreaterThanOrEqual(after)
        const names = Array.from({ length: said + 1 }, (_, batch) => [0, 1, 2, 3].map((i) => `${batch}_${i}`)).flat()
        const { values, size } = yield* Effect.scoped(
          Effect.map(openReader(path), (store) => ({
            values: names.map((name) => store.read(name).every((byte, _, value) => byte === value[0])),
            size: store.size
          }))
        )
        expect(values.every(Boolean)).toBe(true)
        expect(size % 4).toBe(0)
        expect(yield* filled(path, [["new", bytes(1)]])).toBe(1)
      }
    })
  )
})

describe("the guard", () => {
  const folder = (content: Uint8Array) => {
    const path = fresh()
    mkdirSync(path)
    writeFileSync(join(path, "data.mdb"), content)
    return path
  }
  const version3 = () => {
    const page = Buffer.alloc(8192)
    page.writeUInt32LE(0xbeefc0de, 24)
    page.writeUInt32LE(3, 28)
    return page
  }

  it("lets absent and empty stores be made", () => {
    expect(storeVersion(fresh())).toBeUndefined()
    expect(storeVersion(folder(new Uint8Array(0)))).toBeUndefined()
  })

  it.each([
    ["another version", version3(), "was made by another LMDB (data version 3; versions 1 and 2 are read)"],
    ["a few bytes", bytes(1, 2, 3), "is not an LMDB store"],
    ["text", Buffer.alloc(9000, "no store at all "), "is not an LMDB store"],
    ["zeros", new Uint8Array(8192), "is not an LMDB store"]
  ])("refuses %s, for reading and for writing", async (_, content, problem) => {
    const path = folder(content)
    for (const open of [openReader, openWriter]) {
      const fault = await Effect.runPromise(
        Effect.flip(Effect.scoped(open(path as string) as Effect.Effect<unknown, StoreError>))
      )
      expect(fault).toBeInstanceOf(StoreError)
      expect(fault.message).toContain(`${path}: ${problem}`)
    }
  })

  const options = { encoding: "binary", keyEncoding: "binary", maxDbs: 0 } as const

  it("names the options of the npm package that a sound store was written with, and advises no deleting", async () => {
    const remedy = "such stores are not read. Copy its entries into a store without that option"
    const made = async (more: { readonly encryptionKey?: string; readonly useVersions?: boolean }) => {
      const path = fresh()
      const database = open<Buffer, Buffer>({ path, noSubdir: false, ...options, ...more })
      const value = Buffer.alloc(9000)
      await (more.useVersions ? database.put(Buffer.from("a"), value, 1) : database.put(Buffer.from("a"), value))
      await database.close()
      return path
    }
    const encrypted = await made({ encryptionKey: "x".repeat(32) })
    for (const path of [encrypted, join(import.meta.dirname, "../cases/stores/encrypted")]) {
      expect(() => storeVersion(path)).toThrow(
        `${path}: was written with \`encryptionKey\` of the npm package lmdb, that is, encrypted; ${remedy}`
      )
    }
    const versioned = await made({ useVersions: true })
    expect(() => storeVersion(versioned)).toThrow(
      `${versioned}: was written with \`useVersions\` of the npm package lmdb, which keeps a version with each value; ${remedy}`
    )
  })

  effect("reads a store that is a single file, of either version, and writes none", () =>
    Effect.gen(function* () {
      const copy = join(root, "nosub.mdb")
      copyFileSync(join(import.meta.dirname, "../cases/stores/nosub.mdb"), copy)
      const names = (path: string) =>
        Effect.scoped(Effect.map(openReader(path), (store) => [store.version, [...store.names()]]))
      expect(yield* names(copy)).toEqual([1, ["S2A_p_0", "S2A_p_1", "S2A_p_2", "S2A_p_3", "S2A_p_4"]])
      const single = join(root, "single.mdb")
      const database = open<Buffer, Buffer>({ path: single, noSubdir: true, ...options })
      yield* Effect.promise(() => database.put(Buffer.from("a"), Buffer.from("x")))
      yield* Effect.promise(() => database.close())
      expect(yield* names(single)).toEqual([2, ["a"]])
      const fault = yield* Effect.flip(filled(single, [["b", bytes(1)]]))
      expect(fault.message).toBe(
        `${single}: is a file; a store is written as a folder. Choose another name for the store.`
      )
    })
  )

  it("refuses a file in the store's place", () => {
    const path = fresh()
    writeFileSync(path, "x")
    expect(() => storeVersion(path)).toThrow("is a file that is not an LMDB store")
  })

  effect("refuses a store that is cut short or has damaged meta pages", () =>
    Effect.gen(function* () {
      const path = fresh()
      yield* filled(path, [["a", new Uint8Array(100_000)]])
      const file = join(path, "data.mdb")
      const whole = readFileSync(file)
      expect(storeVersion(path)).toBe(2)
      for (const length of [1, 100, 4096, 5000, 8192, whole.length - 4096, whole.length - 1]) {
        truncateSync(file, length)
        expect(() => storeVersion(path)).toThrow(StoreError)
        writeFileSync(file, whole)
      }
      for (const at of [24, 28, 48, 4096 + 24, 4096 + 28, 4096 + 48]) {
        const damaged = Buffer.from(whole)
        damaged[at] ^= 0xff
        writeFileSync(file, damaged)
        expect(() => storeVersion(path)).toThrow(StoreError)
      }
    })
  )

  it("takes stores that the library writes by its own defaults, emptied and filled again too", async () => {
    const path = fresh()
    const other = open<Buffer, string>({ path, noSubdir: false, encoding: "binary" })
    const put = async (count: number) => {
      for (let i = 0; i < count; i++) void other.put(`p${i}`, Buffer.alloc(500 * i, i))
      await other.committed
      expect(storeVersion(path)).toBe(2)
    }
    await put(20)
    await put(30)
    await other.clearAsync()
    expect(storeVersion(path)).toBe(2)
    await put(10)
    await other.close()
    const names = Effect.scoped(Effect.map(openReader(path), (reader) => [...reader.names()]))
    expect(await Effect.runPromise(names)).toEqual(Array.from({ length: 10 }, (_, i) => `p${i}`))
  })

  effect("refuses meta pages with flipped bits that would crash the binding, or bring an old snapshot back", () =>
    Effect.gen(function* () {
      const path = fresh()
      for (const name of ["a", "b", "c"]) yield* filled(path, [[name, bytes(1)]])
      const file = join(path, "data.mdb")
      const whole = readFileSync(file)
      const pageKind = 18
      const freeFlags = 24 + 24 + 4
      const transaction = 24 + 128
      const fields = [
        [pageKind, 2],
        [freeFlags, 2],
        [transaction, 8]
      ] as const
      expect([whole[transaction], whole[4096 + transaction]]).toEqual([2, 3])
      for (const page of [0, 4096]) {
        for (const [field, length] of fields) {
          for (let bit = 0; bit < 8 * length; bit++) {
            // Made without a folder of its own, not yet synced, measured: no harm.
            if (field === freeFlags && [14, 12, 10].includes(bit)) continue
            const damaged = Buffer.from(whole)
            damaged[page + field + (bit >> 3)] ^= 1 << (bit & 7)
            writeFileSync(file, damaged)
            expect(() => storeVersion(path)).toThrow(StoreError)
          }
        }
      }
    })
  )
})

describe("a value", () => {
  const patch: RawPatch = {
    kind: "raw",
    name: "S2A_1_1",
    labels: ["Pastures", "Vineyards", "Airports"],
    nomenclature: nomenclatureOf("43"),
    split: undefined,
    bands: [
      { name: "B02", dtype: "uint16", height: 2, width: 2, data: Uint16Array.of(1, 2, 3, 4) },
      { name: "VV", dtype: "float32", height: 1, width: 1, data: Float32Array.of(-12.5) }
    ]
  }

  it("is safetensors with a tensor per band and the labels in both nomenclatures", () => {
    const value = encodeValue(patch)
    const { tensors, metadata } = decodeSafetensors(value, "x")
    expect(tensors).toEqual([
      { name: "B02", dtype: "uint16", shape: [2, 2], data: Uint16Array.of(1, 2, 3, 4) },
      { name: "VV", dtype: "float32", shape: [1, 1], data: Float32Array.of(-12.5) }
    ])
    expect(metadata).toEqual({
      labels_43: '["Airports","Vineyards","Pastures"]',
      labels_19: '["Permanent crops","Pastures"]'
    })
  })

  it("gives back bands and labels", () => {
    const value = encodeValue(patch)
    const { bands, labels } = decodeValue(value, "x", "43")
    expect(bands).toEqual(patch.bands)
    expect(CLASSES_43.filter((_, i) => labels[i] === 1)).toEqual(["Airports", "Vineyards", "Pastures"])
    expect(CLASSES_19.filter((_, i) => decodeLabels(value, "x", "19").labels[i] === 1)).toEqual([
      "Permanent crops",
      "Pastures"
    ])
  })

  it("cannot be made of unknown labels", () => {
    expect(() => encodeValue({ ...patch, labels: ["Pasturs"] })).toThrow('S2A_1_1: has the unknown label "Pasturs"')
  })

  it.each([
    ["no labels", {}, "has no labels in its store. Name the archive that supplies them, `read: { labels: FOLDER }`"],
    ["labels that are not JSON", { labels_19: "[" }, "has labels_19 that are not JSON"],
    ["labels that are no list", { labels_19: "3" }, "has no labels_19"]
  ])("is refused with %s", (_, metadata, problem) => {
    const value = encodeSafetensors([], metadata)
    expect(() => decodeValue(value, "patch 7", "19")).toThrow(DataError)
    expect(() => decodeValue(value, "patch 7", "19")).toThrow(`patch 7: ${problem}`)
  })

  it("is refused with a tensor that is no band", () => {
    const tensor = { name: "B02", dtype: "uint8", shape: [4], data: new Uint8Array(4) } as const
    const value = encodeSafetensors([tensor], { labels_19: "[]" })
    expect(() => decodeValue(value, "patch 7", "19")).toThrow("has band B02 with 1 dimensions, expected 2")
  })
})
