import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ZipFault, zipMembers } from "../../../src/ops/formats/zip.ts"
import { zip } from "../tensor/setup/zip-writer.ts"
import { damaged, damages, MUTATIONS } from "./mutate.ts"

const sourceOf = (bytes: Uint8Array) => ({
  size: bytes.length,
  read: (at: number, length: number) => bytes.subarray(at, at + length)
})

const files = { "a/data.pkl": "abcdef", "a/version": "3\n", "forêt/empty": "" }

describe("a zip archive", () => {
  it("lists its members in their order, with the place of their bytes", () => {
    const bytes = zip(files, "stored")
    const members = zipMembers(sourceOf(bytes))
    expect(members.map(({ name }) => name)).toEqual(Object.keys(files))
    for (const { at, encrypted, method, name, packed, size } of members) {
      expect([method, encrypted, packed]).toEqual([0, false, size])
      expect(bytes.subarray(at, at + size).toString()).toBe(files[name as keyof typeof files])
    }
    const [packed] = zipMembers(sourceOf(zip(files)))
    expect([packed.method, packed.size]).toEqual([8, 6])
  })

  it("may have a comment behind its directory, and no member", () => {
    const bytes = zip(files)
    bytes.writeUInt16LE(7, bytes.length - 2)
    expect(zipMembers(sourceOf(Buffer.concat([bytes, Buffer.from("comment")])))).toHaveLength(3)
    expect(zipMembers(sourceOf(zip({})))).toEqual([])
  })

  it("of sizes and places beyond 32 bits has them in its extra fields", () => {
    const whole = zip({ a: "abc" }, "stored")
    const end = whole.length - 22
    const directory = whole.readUInt32LE(end + 16)
    const entry = Buffer.from(whole.subarray(directory, end))
    const extra = Buffer.alloc(28)
    extra.writeUInt16LE(1, 0)
    extra.writeUInt16LE(24, 2)
    extra.writeBigUInt64LE(3n, 4)
    extra.writeBigUInt64LE(3n, 12)
    for (const field of [20, 24, 42]) entry.writeUInt32LE(0xffff_ffff, field)
    entry.writeUInt16LE(extra.length, 30)
    const tail = Buffer.from(whole.subarray(end))
    tail.writeUInt32LE(entry.length + extra.length, 12)
    const bytes = Buffer.concat([whole.subarray(0, directory), entry, extra, tail])
    expect(zipMembers(sourceOf(bytes))).toEqual(zipMembers(sourceOf(whole)))
  })

  it("that is damaged is refused as such, or lists members that its size bounds", () => {
    const whole = zip(files)
    fc.assert(
      fc.property(damages(fc.nat(whole.length - 1), whole.length), (damage) => {
        try {
          expect(zipMembers(sourceOf(damaged(whole, damage))).length).toBeLessThanOrEqual(3)
        } catch (fault) {
          expect(fault).toBeInstanceOf(ZipFault)
        }
      }),
      { numRuns: 1000 * MUTATIONS }
    )
  })
})
