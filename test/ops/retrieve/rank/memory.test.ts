import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { asMemory, bytesOf, Memory } from "../../../../src/ops/retrieve/rank/memory.ts"
import { check } from "../../../../src/pipeline/check.ts"

describe("amounts of memory", () => {
  it.each([
    ["1GiB", 2 ** 30],
    ["512 MiB", 2 ** 29],
    ["1.5GB", 1.5e9],
    ["64KiB", 65536],
    ["7kB", 7000],
    ["3B", 3],
    ["2.7B", 2]
  ])("%s is %d bytes", (text, bytes) => {
    expect(bytesOf(text)).toBe(bytes)
  })

  it.each(["", "1", "GiB", "-1GiB", "1gib", "1 GiBs", "0.5B", "0MiB", "1e3MiB", "99999999999GiB"])(
    "%j is none",
    (text) => {
      expect(bytesOf(text)).toBeUndefined()
      expect(Result.getOrThrow(Result.flip(check(Memory, text)))).toEqual([
        {
          path: [],
          key: false,
          problem: expect.stringContaining("expected an amount of memory such as 512MiB or 1GiB")
        }
      ])
    }
  )

  it("are shown with a unit, never less than they are", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 45 }), (bytes) => {
        const shown = bytesOf(asMemory(bytes)) ?? 0
        expect(shown).toBeGreaterThanOrEqual(bytes)
        expect(shown).toBeLessThanOrEqual(Math.max(bytes + 1024, bytes * 1.11))
      })
    )
  })
})
