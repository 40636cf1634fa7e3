import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  afterEpoch,
  rateAt,
  type Schedule,
  type ScheduleState,
  scheduleParam,
  scheduleStart
} from "../../../src/ops/train/schedule.ts"
import { decodeParams } from "../../../src/pipeline/decode.ts"
import { reference } from "../../reference.ts"

const rates = (schedule: Schedule, epochs: number, perEpoch = 1, base = 1) =>
  Array.from({ length: epochs * perEpoch }, (_, update) =>
    rateAt(schedule, base, { epoch: Math.floor(update / perEpoch), update }, scheduleStart)
  )
const close = (got: ReadonlyArray<number>, expected: ReadonlyArray<number>) => {
  expect(got.length).toBe(expected.length)
  got.forEach((rate, i) => {
    expect(rate).toBeCloseTo(expected[i], 12)
  })
}

describe("schedules", () => {
  it("exponential has the rates of the original", () => {
    const { gamma, runs } = reference<{
      readonly gamma: number
      readonly runs: ReadonlyArray<{
        readonly base_lr: number
        readonly steps_per_epoch: number
        readonly epochs: number
        readonly lr_used_per_step: ReadonlyArray<number>
        readonly lr_after_last_epoch: number
      }>
    }>("optimizer.json")
    for (const { base_lr, epochs, lr_after_last_epoch, lr_used_per_step, steps_per_epoch } of runs) {
      const got = rates({ name: "exponential", gamma }, epochs, steps_per_epoch, base_lr)
      expect(got.length).toBe(lr_used_per_step.length)
      const after = rates({ name: "exponential", gamma }, epochs + 1, steps_per_epoch, base_lr)[got.length]
      expect(Math.abs(after / lr_after_last_epoch - 1)).toBeLessThan(1e-6)
      got.forEach((rate, i) => {
        expect(Math.abs(rate / lr_used_per_step[i] - 1)).toBeLessThan(1e-6)
      })
    }
    expect(rates({ name: "exponential" }, 2)[1]).toBeCloseTo(Math.exp(-0.01), 12)
    close(rates({ name: "exponential", gamma: 0.5 }, 4), [1, 0.5, 0.25, 0.125])
  })

  it("take their own keys alone, and name the schedules that a key belongs to", () => {
    const said = (schedule: unknown) =>
      decodeParams({ schedule: scheduleParam }, { schedule }).faults.map(
        ({ path, problem }) => `${path.join(".")}: ${problem}`
      )
    const owners = {
      gamma: "`exponential`, `step`, `plateau`",
      every: "`step`",
      epochs: "`cosine`, `cosine_restarts`",
      patience: "`plateau`"
    }
    for (const own of [
      { name: "exponential", gamma: 0.9 },
      { name: "cosine", epochs: 4 },
      { name: "step", gamma: 0.5, every: 3 },
      { name: "plateau", gamma: 0.5, patience: 3 },
      { name: "constant" }
    ]) {
      expect(said({ ...own, warm_up: 5 })).toEqual([])
      for (const [key, value] of Object.entries({ gamma: 0.1, every: 2, epochs: 3, patience: 1 })) {
        if (key in own) continue
        const takes = [...Object.keys(own).slice(1), "warm_up"].map((one) => `\`${one}\``).join(", ")
        expect(said({ ...own, [key]: value })).toEqual([
          `schedule.${key}: belongs to ${owners[key as keyof typeof owners]}, but \`schedule\` is \`${own.name}\`, which takes ${takes}`
        ])
      }
    }
    expect(said("cosine")).toEqual(["schedule.epochs: is missing: `cosine` needs it"])
    expect(said({ name: "constant", wram_up: 3 })).toEqual(["schedule.wram_up: unknown key; did you mean `warm_up`?"])
    expect(said({ name: "cosinus", epochs: 3 })).toEqual([
      'schedule.name: unknown value "cosinus"; did you mean `cosine`?'
    ])
    expect(said({ gamma: 0.5 })).toEqual([
      "schedule.name: is missing: one of exponential, cosine, cosine_restarts, step, plateau, constant"
    ])
    expect(said({ name: "step", gamma: -1 })).toEqual(["schedule.gamma: expected a number above 0, found -1"])
  })

  it("are the same value, whether as a name or as a mapping with defaults", () => {
    const decoded = (schedule: unknown) => decodeParams({ schedule: scheduleParam }, { schedule }).params.schedule
    expect(decoded("step")).toEqual({ name: "step", gamma: 0.1, every: 30, warm_up: 1 })
    expect(decoded({ name: "step", every: 30 })).toEqual(decoded("step"))
  })

  it("cosine, step and constant, by hand", () => {
    close(rates({ name: "cosine", epochs: 4 }, 6), [1, (2 + Math.SQRT2) / 4, 0.5, (2 - Math.SQRT2) / 4, 0, 0])
    close(rates({ name: "step", every: 2 }, 5), [1, 1, 0.1, 0.1, 0.01])
    close(rates({ name: "constant" }, 3), [1, 1, 1])
  })

  it("warm-up grows linearly over updates, and multiplies whatever else holds", () => {
    close(rates({ name: "constant", warm_up: 4 }, 3, 2), [0.25, 0.5, 0.75, 1, 1, 1])
    close(rates({ name: "step", every: 1, gamma: 0.5, warm_up: 4 }, 3, 2), [0.25, 0.5, 0.375, 0.5, 0.25, 0.25])
  })

  it("plateau lowers the rate once a loss has not fallen for longer than its patience", () => {
    const schedule: Schedule = { name: "plateau", gamma: 0.5, patience: 2 }
    const losses = [3, 2, 2, 2, 2, 1, 1.5, 1.4, 1.3, 1.2, 1.1, 1.0]
    // Better in epochs 0, 1 and 5; epochs 2, 3, 4 are three without a better one, and so are 6, 7, 8 and 9, 10, 11.
    const expected = [1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]
    let state: ScheduleState = scheduleStart
    losses.forEach((loss, epoch) => {
      expect(rateAt(schedule, 1, { epoch, update: epoch }, state), `epoch ${epoch}`).toBe(expected[epoch])
      state = afterEpoch(schedule, state, loss)
      // As a checkpoint keeps it.
      state = JSON.parse(JSON.stringify(state))
    })
    expect(rateAt(schedule, 1, { epoch: 12, update: 12 }, state)).toBe(0.125)
  })

  it("cosine_restarts begins anew after each cycle, longer ones too", () => {
    const half = [1, (2 + Math.SQRT2) / 4, 0.5, (2 - Math.SQRT2) / 4]
    close(rates({ name: "cosine_restarts", epochs: 4 }, 8), [...half, ...half])
    close(rates({ name: "cosine_restarts", epochs: 2, longer: 2 }, 7), [1, 0.5, ...half, 1])
  })

  it("never gives a rate above the base, nor one below 0", () => {
    const schedules: fc.Arbitrary<Schedule> = fc.constantFrom(
      { name: "exponential" },
      { name: "cosine", epochs: 7 },
      { name: "cosine_restarts", epochs: 3, longer: 2 },
      { name: "step", every: 3 },
      { name: "plateau" },
      { name: "constant", warm_up: 5 }
    )
    fc.assert(
      fc.property(schedules, fc.nat(30), fc.nat(30), (schedule, epoch, lowered) => {
        const rate = rateAt(schedule, 2, { epoch, update: epoch * 3 }, { ...scheduleStart, lowered })
        expect(rate >= 0 && rate <= 2).toBe(true)
      })
    )
  })
})
