/** Damaged stores of both versions: refused with file and reason, or read right; never a crash, never another value. */
import { execFile } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openReader, openWriter } from "../../../../src/ops/data/stores/open-store.ts"
import { type DataError, StoreError } from "../../../../src/ops/formats/data-error.ts"
import { storeVersion } from "../../../../src/ops/formats/lmdb/guard.ts"
import { decodeSafetensors } from "../../../../src/ops/formats/safetensors/read.ts"
import { encodeSafetensors } from "../../../../src/ops/formats/safetensors/write.ts"
import { bitsApart, type Damage, damaged, damages, isIntact, MUTATIONS } from "../../formats/mutate.ts"
import { temporaryFolder } from "../folder.ts"
import { version1Bytes } from "./version1-writer.ts"

const PAGE = 4096
const root = temporaryFolder()
/** As patches are kept: what LMDB itself cannot tell, a flipped bit in a value's length, safetensors can. */
const patchValue = (i: number): Uint8Array => {
  const data = new Uint8Array(i % 3 === 0 ? 200 : 5000 + i).fill(i + 1)
  return encodeSafetensors([{ name: "B02", dtype: "uint8", shape: [1, data.length], data }])
}
const values = new Map(Array.from({ length: 24 }, (_, i) => [`S2A_${(i * 7) % 24}`, patchValue(i)]))

/** Mostly where structure is: meta pages, headers, pages of trees. */
const places = (bytes: Uint8Array): fc.Arbitrary<number> => {
  const pages = bytes.length / PAGE
  const trees = Array.from({ length: pages }, (_, page) => page).filter((page) =>
    [1, 2].includes(bytes[page * PAGE + kindAt(bytes)])
  )
  return fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.nat(1), fc.nat(170)).map(([page, at]) => page * PAGE + at) },
    { weight: 2, arbitrary: fc.tuple(fc.nat(pages - 1), fc.nat(31)).map(([page, at]) => page * PAGE + at) },
    {
      weight: 4,
      arbitrary: fc.tuple(fc.constantFrom(...trees), fc.nat(PAGE - 1)).map(([page, at]) => page * PAGE + at)
    },
    { weight: 1, arbitrary: fc.nat(bytes.length - 1) }
  )
}
/** Where a page's header tells its kind, by the place of the magic number. */
const kindAt = (bytes: Uint8Array) => (Buffer.from(bytes).readUInt32LE(16) === 0xbeefc0de ? 10 : 18)

let stores = 0
const stored = (bytes: Uint8Array) => {
  const path = join(root, `store${stores++}`)
  mkdirSync(path)
  writeFileSync(join(path, "data.mdb"), bytes)
  return path
}

/** What was read must be what was written, but for bits that were flipped inside it; names may have lost theirs. */
const expectRight = (found: ReadonlyMap<string, Uint8Array>, damage: Damage): void => {
  for (const [name, bytes] of found) {
    const original = values.get(name)
    if (original !== undefined) expect(bitsApart(bytes, original)).toBeLessThanOrEqual(damage.flips.length)
  }
  const lost = [...values.keys()].filter((name) => !found.has(name)).length
  expect(lost).toBeLessThanOrEqual(damage.flips.length)
  if (isIntact(damage)) expect(found).toEqual(values)
}

describe("a damaged store", () => {
  it("of data version 1 is refused, or read right", async () => {
    const whole = version1Bytes([...values], { perPage: 5 })
    let refused = 0
    await fc.assert(
      fc.asyncProperty(damages(places(whole), whole.length), async (damage) => {
        const path = stored(damaged(whole, damage))
        const read = Effect.scoped(
          Effect.map(openReader(path), (store) => {
            const found = new Map<string, Uint8Array>()
            for (const name of store.names()) {
              try {
                const bytes = store.read(name)
                decodeSafetensors(bytes, `${path}, ${name}`)
                found.set(name, new Uint8Array(bytes))
              } catch (fault) {
                expect((fault as StoreError | DataError).message).toContain(path)
              }
            }
            return found
          })
        )
        try {
          expectRight(await Effect.runPromise(read), damage)
        } catch (fault) {
          if (!(fault instanceof StoreError)) throw fault
          refused++
          expect(isIntact(damage)).toBe(false)
          expect(fault.message.startsWith(`${path}: `)).toBe(true)
        }
      }),
      { numRuns: 200 * MUTATIONS }
    )
    expect(refused).toBeGreaterThan(40)
  })

  it("of data version 2 is refused before the binding opens it, or read right by it", async () => {
    const path = join(root, "whole")
    const entries = [...values]
    for (const some of [entries.slice(0, 9), entries.slice(9, 17), entries.slice(17)]) {
      await Effect.runPromise(Effect.scoped(Effect.map(openWriter(path), (store) => store.write(some))))
    }
    const whole = readFileSync(join(path, "data.mdb"))
    const drawn = fc.sample(damages(places(whole), whole.length), 200)
    const opened: Array<{ readonly path: string; readonly damage: Damage }> = []
    for (const damage of drawn) {
      const copy = stored(damaged(whole, damage))
      try {
        // Cut to nothing it is a store that is not there yet.
        if (storeVersion(copy) !== undefined) opened.push({ path: copy, damage })
      } catch (fault) {
        expect(fault).toBeInstanceOf(StoreError)
        expect((fault as StoreError).message.startsWith(`${copy}: `)).toBe(true)
        expect(isIntact(damage)).toBe(false)
      }
    }
    expect(opened.length).toBeGreaterThan(20)
    expect(opened.length).toBeLessThan(170)
    const child = join(import.meta.dirname, "read-all.ts")
    const paths = opened.map((one) => one.path)
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", child, ...paths], {
      maxBuffer: 1 << 28
    })
    const told = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(told).toHaveLength(opened.length)
    for (const [i, { damage }] of opened.entries()) {
      if (told[i].tag !== undefined) expect([told[i].tag, isIntact(damage)]).toEqual(["StoreError", false])
      else {
        const found = Object.entries<string>(told[i].values)
        expectRight(new Map(found.map(([name, text]) => [name, new Uint8Array(Buffer.from(text, "base64"))])), damage)
      }
    }
  })
})
