import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Run } from "../../../src/ops/run.ts"
import { scalarsEvent, stepOf, versionEvent } from "../../../src/ops/train/tensorboard/events.ts"
import { crc32c, framed, unframed } from "../../../src/ops/train/tensorboard/records.ts"
import { tensorboard } from "../../../src/ops/train/tensorboard.ts"
import { drain } from "../../../src/pipeline/interpret.ts"
import { effect } from "../../effect.ts"
import { fakeRun } from "../fake-run.ts"
import { stepsFor } from "./steps.ts"

describe("records", () => {
  it("has the checksums of RFC 3720", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
  })

  it("gives back what was framed, up to the first frame that is broken or cut", () => {
    const lists = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 })
    fc.assert(
      fc.property(lists, fc.nat(), (list, spoil) => {
        const whole = Buffer.concat(list.map(framed))
        expect(unframed(whole).map((one) => [...one])).toEqual(list.map((one) => [...one]))
        const cut = spoil % (whole.length + 1)
        const before = unframed(whole.subarray(0, cut))
        expect(before.map((one) => [...one])).toEqual(list.slice(0, before.length).map((one) => [...one]))
        if (whole.length === 0) return
        const broken = Buffer.from(whole)
        broken[spoil % whole.length] ^= 1
        expect(unframed(broken).length).toBeLessThan(list.length)
      })
    )
  })
})

describe("events", () => {
  it("tells its step, however large", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (step) => {
        expect(stepOf(scalarsEvent(1.5e9, step, [["a", 1]]))).toBe(step)
      })
    )
    expect(stepOf(versionEvent(1.5e9))).toBe(0)
  })

  it("has the bytes of the message", () => {
    // step 300 = 0b10_0101100; tag "x"; 0.5 as float32
    const tail = [0x10, 0xac, 0x02, 0x2a, 0x0a, 0x0a, 0x08, 0x0a, 0x01, 0x78, 0x15, 0x00, 0x00, 0x00, 0x3f]
    expect([...scalarsEvent(0, 300, [["x", 0.5]])]).toEqual([0x09, 0, 0, 0, 0, 0, 0, 0, 0, ...tail])
  })
})

describe("tensorboard", () => {
  const written = (folder: string) =>
    unframed(readFileSync(join(folder, "summary", "events.out.tfevents.orbitrank"))).map(stepOf)

  /** Steps of the events that hold a tag. */
  const stepsWith = (folder: string, tag: string) =>
    unframed(readFileSync(join(folder, "summary", "events.out.tfevents.orbitrank")))
      .filter((event) => Buffer.from(event).includes(tag))
      .map(stepOf)

  effect("writes losses at the first step of each epoch, counted from 0, as the original does", () =>
    Effect.gen(function* () {
      const { folder, run } = yield* fakeRun
      const write = (from: number, to: number) =>
        Effect.provideService(drain(stepsFor({ from, to }).pipe(tensorboard({ display_step: 100 }))), Run, run)
      yield* write(0, 7)
      // Epochs have three steps.
      expect(stepsWith(folder, "total_loss")).toEqual([0, 3, 6])
      expect(stepsWith(folder, "mAP/hard")).toEqual([2, 5])
      // The run goes on after the second epoch, whose last step it is given again.
      yield* write(5, 10)
      expect(stepsWith(folder, "total_loss")).toEqual([0, 3, 6, 9])
      expect(stepsWith(folder, "mAP/hard")).toEqual([2, 5, 8])
    })
  )

  effect("writes every so many steps, and goes on without doubling steps", () =>
    Effect.gen(function* () {
      const { folder, run } = yield* fakeRun
      const write = (from: number, to: number) =>
        Effect.provideService(drain(stepsFor({ from, to }).pipe(tensorboard({ display_step: 2 }))), Run, run)
      yield* write(0, 8)
      // Two of the three steps of each epoch; the third has the validation, too.
      expect(written(folder)).toEqual([0, 0, 2, 3, 5, 6])
      const path = join(folder, "summary", "events.out.tfevents.orbitrank")
      writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from("half a record")]))
      yield* write(5, 10)
      expect(written(folder)).toEqual([0, 0, 2, 3, 5, 6, 8, 9])
    })
  )

  effect("says which file it cannot write", () =>
    Effect.gen(function* () {
      const { folder, run } = yield* fakeRun
      writeFileSync(join(folder, "summary"), "a file, not a folder")
      const fault = yield* Effect.flip(
        Effect.provideService(drain(stepsFor({ from: 0, to: 2 }).pipe(tensorboard())), Run, run)
      )
      expect(fault.message).toContain("events.out.tfevents.orbitrank: ")
      expect(fault.message).toContain("Free disk space")
    })
  )
})
