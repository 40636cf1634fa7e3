import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { S2_BANDS } from "../../../../src/ops/data/patches/bands.ts"
import { verify } from "../../../../src/ops/data/stores/verify.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { runIn } from "../streams.ts"
import { filledValue, sevenPatches, writeStore } from "./filled-stores.ts"
import { writeVersion1 } from "./version1-writer.ts"

const root = temporaryFolder()
const { collect, recorded } = runIn(root)
const value = filledValue
const written = writeStore(root)
const plain = sevenPatches

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
        "holds patches that differ from the others: 1 patch has B01 uint16 2 x 2, B02 uint16 11 x 11 (odd)"
      )
      const [found] = yield* collect(verify({ from: "mixed.lmdb", expect: "any" }))
      expect(found.forms.map(({ patches }) => patches)).toEqual([7, 1])
      const strict = yield* Effect.flip(collect(verify({ from: "mixed.lmdb", expect: "bigearthnet" })))
      expect(strict.message).toContain("holds patches that differ from BigEarthNet's: 7 patches have")
      const whole = Object.fromEntries(S2_BANDS.map(({ name, size }) => [name, size]))
      yield* written("right.lmdb", [["p", value(whole, 1)]])
      const { B03: _, ...lacking } = whole
      yield* written("lacking.lmdb", [["p", value(lacking, 1)]])
      const incomplete = yield* Effect.flip(collect(verify({ from: "lacking.lmdb", expect: "bigearthnet" })))
      expect(incomplete.message).toContain("holds patches that differ from BigEarthNet's: 1 patch has B01")
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
