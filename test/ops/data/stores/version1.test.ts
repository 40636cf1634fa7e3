import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it, vi } from "vitest"
import { openReader, openWriter } from "../../../../src/ops/data/stores/open-store.ts"
import { DataError, StoreError } from "../../../../src/ops/formats/data-error.ts"
import { storeVersion } from "../../../../src/ops/formats/lmdb/guard.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { type Version1Options, writeVersion1 } from "./version1-writer.ts"

type Values = ReadonlyArray<readonly [string, Uint8Array]>

const root = temporaryFolder()
let stores = 0
const written = (values: Values, options?: Version1Options) => {
  const path = join(root, `store${stores++}`)
  writeVersion1(path, values, options)
  return path
}
const fault = (run: () => unknown) => {
  try {
    run()
  } catch (thrown) {
    return thrown as Error
  }
  throw new Error("nothing was thrown")
}

/** Distinct names and values from nothing to several pages. */
const values = fc.uniqueArray(
  fc.tuple(fc.string({ unit: "binary", minLength: 1, maxLength: 60 }), fc.nat(3000), fc.nat(255)),
  { selector: ([name]) => name, maxLength: 60 }
)
const filled = (list: ReadonlyArray<readonly [string, number, number]>): Values =>
  list.map(([name, size, byte]) => [name, new Uint8Array(size).map((_, i) => (i * 7 + byte) & 255)])

describe("a store of data version 1", () => {
  it("is refused where a flipped bit of a transaction would bring the empty snapshot before it back", () => {
    const path = written([["a", Uint8Array.of(1)]])
    const file = join(path, "data.mdb")
    const whole = readFileSync(file)
    const transaction = 16 + 128
    expect([whole[transaction], whole[4096 + transaction]]).toEqual([0, 1])
    const wrong: Array<string> = []
    for (const page of [0, 4096]) {
      for (let bit = 0; bit < 64; bit++) {
        // Nobody looks at a meta page's own number, so its bits may be wrong as well.
        for (const number of [0, 1]) {
          const damaged = Buffer.from(whole)
          damaged[page + transaction + (bit >> 3)] ^= 1 << (bit & 7)
          damaged[page] ^= number
          writeFileSync(file, damaged)
          try {
            storeVersion(path)
            wrong.push(`bit ${bit} of page ${page / 4096}, number off by ${number}`)
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(StoreError)
          }
        }
      }
    }
    expect(wrong).toEqual([])
  })

  it("gives back what was written, whatever the pages", async () => {
    const sizes = fc.constantFrom(512, 1024, 4096)
    const shapes = fc.record({
      pageSize: sizes,
      perPage: fc.integer({ min: 2, max: 9 }),
      newest: fc.constantFrom(0, 1)
    })
    await fc.assert(
      fc.asyncProperty(values, shapes, async (list, shape) => {
        const all = filled(list)
        const path = written(all, shape as Version1Options)
        const found = await Effect.runPromise(
          Effect.scoped(
            Effect.gen(function* () {
              const store = yield* openReader(path)
              expect([store.version, store.size]).toEqual([1, all.length])
              const loaded = yield* Effect.forEach(all, ([name]) => store.load(name), { concurrency: 4 })
              const copied = ([name]: (typeof all)[number]) => store.decode(name, (bytes) => Buffer.from(bytes))
              return {
                names: [...store.names()],
                loaded,
                decoded: yield* Effect.forEach(all, copied, { concurrency: 3 }),
                read: all.map(([name]) => store.read(name)),
                strangers: all.map(([name]) => store.has(`${name}.`))
              }
            })
          )
        )
        const keys = all.map(([name]) => Buffer.from(name)).sort(Buffer.compare)
        expect(found.names.map((name) => Buffer.from(name))).toEqual(keys)
        const expected = all.map(([, bytes]) => Buffer.from(bytes))
        expect(found.read.map((bytes) => Buffer.from(bytes))).toEqual(expected)
        expect(found.loaded.map((bytes) => Buffer.from(bytes))).toEqual(expected)
        expect(found.decoded).toEqual(expected)
        const known = new Set(all.map(([name]) => name))
        expect(found.strangers).toEqual(all.map(([name]) => known.has(`${name}.`)))
      }),
      { numRuns: 40 }
    )
  })

  effect("orders names by bytes, which is not the order of JavaScript's strings", () =>
    Effect.gen(function* () {
      // A surrogate pair sorts before U+FFFD as UTF-16, and after it as UTF-8.
      const names = ["\uFFFD", "🛰", "a", "aa", "Z"]
      const store = yield* openReader(
        written(
          names.map((name) => [name, Uint8Array.of(1)]),
          { perPage: 2 }
        )
      )
      expect([...store.names()]).toEqual(["Z", "a", "aa", "\uFFFD", "🛰"])
      expect(names.every((name) => store.has(name))).toBe(true)
    })
  )

  effect("may be empty", () =>
    Effect.gen(function* () {
      const store = yield* openReader(written([]))
      expect([store.size, [...store.names()], store.has("a")]).toEqual([0, [], false])
      expect(fault(() => store.read("a")).message).toContain("holds no patch a")
      expect((yield* Effect.flip(store.load("a"))).message).toContain("holds no patch a")
    })
  )

  effect("is not written to", () =>
    Effect.gen(function* () {
      const path = written([["a", Uint8Array.of(1)]])
      const before = readFileSync(join(path, "data.mdb"))
      const refused = yield* Effect.flip(Effect.scoped(openWriter(path)))
      expect(refused.message).toBe(
        `${path}: was made by another LMDB (data version 1), which can only be read. Write to another folder.`
      )
      expect(readFileSync(join(path, "data.mdb"))).toEqual(before)
    })
  )

  effect("gives values that are the caller's own, but those that are decoded at once", () =>
    Effect.gen(function* () {
      const store = yield* openReader(
        written([
          ["a", Uint8Array.of(1, 2, 3)],
          ["b", Uint8Array.of(4, 5)]
        ])
      )
      store.read("a").fill(9)
      expect([...store.read("a")]).toEqual([1, 2, 3])
      const [kept, copy] = yield* store.decode("a", (bytes) => [bytes, [...bytes]] as const)
      const loaded = yield* store.load("a")
      yield* store.decode("b", () => undefined)
      expect([copy, [...loaded]]).toEqual([
        [1, 2, 3],
        [1, 2, 3]
      ])
      expect([...kept]).toEqual([4, 5, 3])
    })
  )

  effect("gives the same where reads wait for the disk, and are done on other threads", () =>
    Effect.gen(function* () {
      const all = filled(Array.from({ length: 70 }, (_, i) => [`patch${i}`, 40 * i, i] as const))
      const path = written(all)
      const store = yield* openReader(path)
      let time = 0
      // On this clock every read takes five milliseconds.
      const clock = vi.spyOn(performance, "now").mockImplementation(() => {
        time += 5
        return time
      })
      const copied = ([name]: (typeof all)[number]) => store.decode(name, (bytes) => [...bytes])
      const loaded = ([name]: (typeof all)[number]) => Effect.map(store.load(name), (bytes) => [...bytes])
      const [one, other] = yield* Effect.all([
        Effect.forEach(all, copied, { concurrency: 4 }),
        Effect.forEach(all, loaded, { concurrency: 4 })
      ]).pipe(Effect.ensuring(Effect.sync(() => clock.mockRestore())))
      expect(time).toBeGreaterThan(0)
      // So few reads were timed: the others were done aside.
      expect(time).toBeLessThan(5 * 2 * all.length)
      expect([one, other]).toEqual([all.map(([, bytes]) => [...bytes]), all.map(([, bytes]) => [...bytes])])
    })
  )

  effect("fails by what decoding throws, and reads on", () =>
    Effect.gen(function* () {
      const store = yield* openReader(written([["a", Uint8Array.of(1, 2, 3)]]))
      const bad = new DataError({ subject: "a", problem: "is bad", remedy: "None" })
      const thrown = (what: unknown) =>
        store.decode("a", () => {
          throw what
        })
      expect(yield* Effect.flip(thrown(bad))).toBe(bad)
      expect((yield* Effect.exit(thrown(new Error("a defect"))))._tag).toBe("Failure")
      expect(yield* store.decode("a", ({ length }) => length)).toBe(3)
      expect((yield* Effect.flip(store.decode("b", () => 0))).message).toContain("holds no patch b")
    })
  )
})

describe("a damaged store of data version 1", () => {
  const PAGE = 4096
  const whole: Values = Array.from({ length: 9 }, (_, i) => [`patch${i}`, new Uint8Array(5000).fill(i)])
  /** Pages 2 to 19 hold the nine values, 20 to 22 the leaves, 23 the root. */
  const damagedBy = (change: (bytes: Buffer) => void, options: Version1Options = { perPage: 3 }) => {
    const path = written(whole, options)
    const bytes = readFileSync(join(path, "data.mdb"))
    change(bytes)
    writeFileSync(join(path, "data.mdb"), bytes)
    return { path, message: () => fault(() => storeVersion(path)).message }
  }
  /** Where node `i` of a page stands. */
  const node = (bytes: Buffer, page: number, i: number) => page * PAGE + bytes.readUInt16LE(page * PAGE + 16 + 2 * i)
  const meta = (at: number) => PAGE + 16 + at

  it("is as the comment says", () => {
    const path = written(whole, { perPage: 3 })
    expect(storeVersion(path)).toBe(1)
    expect(readFileSync(join(path, "data.mdb")).length).toBe(24 * PAGE)
  })

  it.each<readonly [string, (bytes: Buffer) => void, string]>([
    ["a root behind the end", (b) => b.writeBigUInt64LE(99n, meta(72 + 40)), "it names page 99 of 24"],
    ["another root", (b) => b.writeBigUInt64LE(21n, meta(72 + 40)), "page 21 is at depth 1 of 2"],
    ["a root that is a value", (b) => b.writeBigUInt64LE(4n, meta(72 + 40)), "page 4 is not the page that stood there"],
    ["a cycle", (b) => b.writeUInt32LE(23, node(b, 23, 1)), "page 23 is used twice"],
    ["a page in two places", (b) => b.writeUInt32LE(20, node(b, 23, 1)), "page 20 is used twice"],
    ["two values on one page", (b) => b.writeBigUInt64LE(4n, node(b, 20, 0) + 8 + 6), "page 4 is used twice"],
    ["a value too long for the file", (b) => b.writeUInt32LE(1e9, node(b, 20, 1)), "of 24"],
    ["a key that reaches over the end", (b) => b.writeUInt16LE(5000, node(b, 20, 0) + 6), "reaches over its end"],
    ["a longer key", (b) => b.writeUInt16LE(8, node(b, 20, 1) + 6), "page 20 has entries of"],
    ["keys out of order", (b) => b.write("z", node(b, 20, 1) + 8), "page 20 has its keys out of order"],
    ["a key of another leaf", (b) => b.write("patch8", node(b, 20, 2) + 8), "page 20 has its keys out of order"],
    ["more entries than there are", (b) => b.writeUInt16LE(16 + 8, 20 * PAGE + 12), "page 20 has"],
    ["a node in the free space", (b) => b.writeUInt16LE(100, 20 * PAGE + 16), "page 20 has an entry in its free space"],
    [
      "a value of no kind",
      (b) => b.writeUInt16LE(8, node(b, 20, 0) + 4),
      "page 20 holds more than plain values (flags 8)"
    ],
    [
      "a lying count",
      (b) => b.writeBigUInt64LE(8n, meta(72 + 32)),
      "it holds 9 entries on 3 leaves under 1 branches, but claims 8"
    ],
    [
      "a tree of no kind",
      (b) => b.writeUInt16LE(0x84, meta(72 + 4)),
      "its keys are of another kind than patches' (flags 132)"
    ],
    ["a lying depth", (b) => b.writeUInt16LE(3, meta(72 + 6)), "page 20 is at depth 2 of 3"],
    ["pages of no size", (b) => b.writeUInt32LE(1000, 16 + 24), "it claims pages of 1000 bytes"],
    ["no second meta page", (b) => b.writeUInt32LE(0, meta(0)), "its second meta page cannot be read"]
  ])("is refused with %s", (_, change, problem) => {
    const { message, path } = damagedBy(change)
    expect(message()).toContain(`${path}: is damaged: `)
    expect(message()).toContain(problem)
    expect(message()).toContain("Get it again, or make it again with the program that wrote it.")
  })

  it.each<readonly [string, (bytes: Buffer) => void, string]>([
    ["named databases", (b) => b.writeUInt16LE(2, node(b, 20, 0) + 4), "holds named databases, which are"],
    [
      "several values of a key",
      (b) => b.writeUInt16LE(4, node(b, 20, 0) + 4),
      "holds several values of a key, which are"
    ],
    [
      "very many values of a key",
      (b) => b.writeUInt16LE(6, node(b, 20, 0) + 4),
      "holds several values of a key, which are"
    ],
    ["keys that may have several", (b) => b.writeUInt16LE(4, meta(72 + 4)), "holds several values of a key, which are"],
    [
      "whole numbers as keys",
      (b) => b.writeUInt16LE(8, meta(72 + 4)),
      "orders its keys in another way (flags 8), which is"
    ]
  ])("is not called damaged for %s", (_, change, problem) => {
    const { message, path } = damagedBy(change)
    expect(message()).toBe(
      `${path}: ${problem} not read. Give a store that keeps its patches in the main database, one value per key.`
    )
  })

  it("is refused when it is cut short", () => {
    const { path, message } = damagedBy(() => {})
    const bytes = readFileSync(join(path, "data.mdb"))
    writeFileSync(join(path, "data.mdb"), bytes.subarray(0, bytes.length - 1))
    expect(message()).toContain(`is cut short: ${bytes.length - 1} bytes of ${bytes.length}`)
  })

  it("is refused when another LMDB made it", () => {
    const { message } = damagedBy((bytes) => bytes.writeUInt32LE(999, 16 + 4))
    expect(message()).toContain("was made by another LMDB (data version 999; versions 1 and 2 are read)")
  })

  effect("tells of a value's page that is another when the value is read", () =>
    Effect.gen(function* () {
      const { path } = damagedBy((bytes) => bytes.writeBigUInt64LE(3n, 2 * PAGE))
      const store = yield* openReader(path)
      const refused = fault(() => store.read("patch0"))
      expect(refused).toBeInstanceOf(StoreError)
      expect(refused.message).toContain("page 2 is not the value that stood there")
      expect((yield* Effect.flip(store.load("patch0"))).message).toBe(refused.message)
      expect([...store.read("patch1").subarray(0, 2)]).toEqual([1, 1])
    })
  )

  effect("tells of a key that is not text", () =>
    Effect.gen(function* () {
      const { path } = damagedBy((bytes) => bytes.writeUInt8(0xff, node(bytes, 22, 2) + 8))
      const store = yield* openReader(path)
      expect(fault(() => [...store.names()]).message).toContain("has the key ff6174636838, which is not UTF-8")
    })
  )
})
