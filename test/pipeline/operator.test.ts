import { Effect, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { ConfigError } from "../../src/pipeline/fault.ts"
import { toStream } from "../../src/pipeline/interpret.ts"
import type { Pipeline } from "../../src/pipeline/pipeline.ts"
import { hash, print, toJson } from "../../src/pipeline/print.ts"
import { type Running, silent, type Watcher } from "../../src/pipeline/watch.ts"
import { effect } from "../effect.ts"
import { add, count, group, type Num, plus, type Sum, scale, type TooBig, take } from "./toys.ts"

const sum = count({ to: 5 }).pipe(scale({ factor: 2 }), group({ size: 2 }), add())

describe("a pipeline in code", () => {
  it("is frozen plain data with defaults filled in", () => {
    expect(toJson(sum)).toEqual([
      { count: { to: 5, by: 1 } },
      { scale: { factor: 2, limit: 1_000_000, how: "exact" } },
      { group: { size: 2 } },
      { add: {} }
    ])
    expect(Object.isFrozen(sum.steps) && Object.isFrozen(sum.steps[0].params)).toBe(true)
    expect(structuredClone(sum.steps[1])).toEqual(sum.steps[1])
  })

  it("prints as YAML and hashes by value", () => {
    expect(print(sum)).toBe(
      "- count: { to: 5, by: 1 }\n- scale: { factor: 2, limit: 1000000, how: exact }\n- group: { size: 2 }\n- add: {}"
    )
    expect(hash(sum)).toBe(hash(count({ to: 5, by: 1 }).pipe(scale({ factor: 2 }), group({ size: 2 }), add({}))))
    expect(hash(sum)).not.toBe(hash(count({ to: 6 }).pipe(scale({ factor: 2 }), group({ size: 2 }), add())))
    const inner = (to: number) => count({ to: 1 }).pipe(plus({ other: count({ to }).pipe(group({ size: 1 }), add()) }))
    expect(hash(inner(3))).not.toBe(hash(inner(4)))
  })

  effect("gives the stream of its operators, composed", () =>
    Effect.gen(function* () {
      expect(yield* Stream.runCollect(toStream(sum))).toEqual([{ kind: "sum", total: 20 }])
      const nested = count({ to: 2 }).pipe(plus({ other: sum }), take({ n: 1 }))
      expect(yield* Stream.runCollect(toStream(nested))).toEqual([{ kind: "number", value: 20 }])
    })
  )

  it("refuses neighbours that do not fit, at compile time and at run time", () => {
    // @ts-expect-error add takes groups, count gives numbers
    expect(() => count().pipe(add())).toThrow("`add` takes groups, but `count` gives numbers")
    // @ts-expect-error take passes numbers on, add takes groups
    expect(() => count().pipe(take({ n: 1 }), add())).toThrow("`add` takes groups, but `take` gives numbers")
    expect(() => count().pipe(count)).toThrow(ConfigError)
    // @ts-expect-error the inner pipeline must give a sum
    expect(() => plus({ other: count() })).toThrow("expected a pipeline that gives sums, found one that gives numbers")
  })

  it("refuses wrong parameters, at compile time and at run time", () => {
    // @ts-expect-error size is required
    expect(() => group({})).toThrow("group.size: is missing")
    // @ts-expect-error and so is the whole argument
    expect(() => group()).toThrow("group.size: is missing")
    // @ts-expect-error unknown parameter
    expect(() => group({ sice: 2, size: 1 })).toThrow("group.sice: unknown parameter; did you mean `size`?")
    // @ts-expect-error wrong type
    expect(() => scale({ factor: "2" })).toThrow('scale.factor: expected a number, found "2"')
    // @ts-expect-error not one of the choices
    expect(() => scale({ factor: 1, how: "exakt" })).toThrow('scale.how: unknown value "exakt"; did you mean `exact`?')
    expect(() => group({ size: 0 })).toThrow("group.size: expected a whole number of at least 1, found 0")
  })

  it("carries its errors and services in its type", () => {
    const typed: Pipeline<Sum, TooBig, never> = sum
    // @ts-expect-error scale may fail
    const never: Pipeline<Sum, never, never> = sum
    // @ts-expect-error it gives a sum
    const wrong: Pipeline<Num, TooBig, never> = sum
    expect([typed, never, wrong].every((pipeline) => pipeline === sum)).toBe(true)
  })
})

describe("the interpreter", () => {
  const recording = () => {
    const seen: Array<string> = []
    const note = (what: string) => (stage: Running, n?: number) =>
      seen.push(`${what} ${stage.step.name}${n === undefined ? "" : ` ${n}`}`)
    const watcher: Watcher = { ...silent, progressed: note("out"), ended: note("end"), failed: note("fail") }
    return { seen, watcher }
  }

  effect("tells the watcher of every element, and of the first stage that fails", () =>
    Effect.gen(function* () {
      const { seen, watcher } = recording()
      const failing = count({ to: 5 }).pipe(scale({ factor: 10, limit: 10 }), group({ size: 2 }), add())
      const error = yield* Stream.runDrain(toStream(failing, { watcher })).pipe(Effect.flip)
      expect(error.message).toBe("20: is above the limit. Raise `limit`.")
      expect(seen.filter((line) => line.startsWith("fail"))).toEqual(["fail scale"])
      expect(seen.filter((line) => line === "out count 1")).toHaveLength(3)
    })
  )

  effect("does not watch pipelines inside parameters", () =>
    Effect.gen(function* () {
      const { seen, watcher } = recording()
      yield* Stream.runDrain(toStream(count({ to: 1 }).pipe(plus({ other: sum })), { watcher }))
      expect(seen.some((line) => line.includes("group"))).toBe(false)
      expect(seen).toContain("end plus")
    })
  )
})
