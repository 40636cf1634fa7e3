/** The rules by which the recorded networks got their weights and inputs, against what is recorded of them. */
import { describe, expect, it } from "vitest"
import { reference } from "../../reference.ts"
import { crc32, inputAt, near, ruled } from "./recorded.ts"

const { input_first8, input_phase, seed, tensors, ...further } = reference<{
  readonly seed: number
  readonly input_phase: number
  readonly input_first8: ReadonlyArray<number>
  readonly tensors: ReadonlyArray<{
    readonly key: string
    readonly shape: ReadonlyArray<number>
    readonly G: number
    readonly crc32_of_prefixed_key: number
    readonly first8: ReadonlyArray<number>
    readonly last: number
    readonly sum: number
    readonly sum_squares: number
  }>
}>("weight-rule.json")

describe("the recorded rules", () => {
  it.each(tensors)("give the weights of $key", ({ G, crc32_of_prefixed_key, key, shape, ...recorded }) => {
    expect(crc32(`${seed}:${key}`)).toBe(crc32_of_prefixed_key)
    const { data } = ruled({ name: key, shape }, { seed, G })
    const total = (of: (value: number) => number) => data.reduce((sum, value) => sum + of(value), 0)
    const largest = Math.max(...data.map(Math.abs))
    const one = (got: number, expected: number, scale: number) =>
      expect(Math.abs(got - expected)).toBeLessThanOrEqual(1e-6 * scale)
    recorded.first8.forEach((value, i) => {
      one(data[i], value, largest)
    })
    one(data[data.length - 1], recorded.last, largest)
    one(
      total((value) => value),
      recorded.sum,
      total(Math.abs)
    )
    one(
      total((value) => value ** 2),
      recorded.sum_squares,
      recorded.sum_squares
    )
  })

  it("give the inputs", () => {
    near(
      input_first8.map((_, i) => inputAt(i, input_phase)),
      input_first8
    )
    const points = Object.entries(further).flatMap(([key, value]) =>
      key.startsWith("input_at_") ? [[Number(key.slice("input_at_".length)), value as number] as const] : []
    )
    expect(points.length).toBeGreaterThan(0)
    for (const [at, value] of points) near([inputAt(at, input_phase)], [value])
  })
})
