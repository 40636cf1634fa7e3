/** Huge and hostile files: loading takes time in proportion to the text, and limits end it early. */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { load } from "../../src/pipeline/load.ts"
import { Name, optional, param, Seed } from "../../src/pipeline/param.ts"
import { nearest } from "../../src/pipeline/words.ts"
import { toys } from "./toys.ts"

const language = { settings: { seed: param(Seed, "Seed.", 24), experiment: optional(Name, "Tag.") }, operators: toys }
const messageOf = (text: string): string => {
  const result = load(text, "a.yaml", language)
  return Result.isFailure(result) ? result.failure.message : "nothing wrong"
}
const lines = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join("\n")
const ONE = "pipelines: { one: [count] }\n"

// Quadratic, each of these would take minutes or hours, longer than a test may.
describe("a huge file is loaded, or refused, in linear time", () => {
  const MANY = 100_000

  it("with unknown keys at its top, of which the first are listed", () => {
    const message = messageOf(`${lines(MANY, (i) => `key${i}: 1`)}\n${ONE}`).split("\n")
    expect(message).toHaveLength(101)
    expect(message[0]).toContain("a.yaml:1:1: key0: unknown key")
    expect(message[100]).toBe("and 99,900 more")
  })

  it("with unknown parameters of a step", () => {
    const message = messageOf(`pipelines:\n  one:\n    - count:\n${lines(MANY, (i) => `        key${i}: 1`)}\n`)
    expect(message).toContain("a.yaml:4:9: pipelines.one.count.key0: unknown parameter")
  })

  it("with many pipelines, and many names of none", () => {
    expect(messageOf(`pipelines:\n${lines(MANY / 10, (i) => `  p${i}: [count]`)}\n`)).toBe("nothing wrong")
    const wrong = messageOf(`pipelines:\n${lines(MANY / 10, (i) => `  p${i}: [count, { plus: { other: q${i} } }]`)}\n`)
    expect(wrong).toContain('pipelines.p0.plus.other: expected the name of a pipeline of this file, found "q0"')
  })

  it("with values of `define`, and with many steps", () => {
    expect(messageOf(`define:\n${lines(MANY, (i) => `  k${i}: &k${i} ${i}`)}\n${ONE}`)).toBe("nothing wrong")
    expect(messageOf(`pipelines:\n  one:\n    - count\n${lines(MANY / 10, () => "    - take: { n: 3 }")}\n`)).toBe(
      "nothing wrong"
    )
  })

  it("with a list of values, each of which is wrong", () => {
    const list = `pipelines: { one: [count, { group: { size: 2 } }, { add: { shape: { width: 1, tags: [${lines(MANY, (i) => ` ${i},`)}] } } }] }`
    const message = messageOf(list)
    expect(message).toContain("pipelines.one.add.shape.tags.0: expected text, found 0")
    expect(messageOf(list.replaceAll(/(?<=\n|\[) (\d+),/g, " a$1,"))).toBe("nothing wrong")
  })

  it("with words of a million letters, which are shown cut and compared with nothing", () => {
    const word = "s".repeat(1_000_000)
    for (const text of [
      `${word}: 1\n${ONE}`,
      `? ${word}\n: 1\n${ONE}`,
      `pipelines: { one: [${word}] }`,
      `pipelines: { one: [{ count: { ? ${word} : 1 } }] }`,
      `pipelines: { one: [count, { scale: { factor: 1, how: ${word} } }] }`,
      `${ONE}? ${word}\n: 1\n? ${word}\n: 2\n`
    ]) {
      const message = messageOf(text)
      expect(message).not.toBe("nothing wrong")
      expect(message.length).toBeLessThan(2000)
    }
  })
})

describe("limits", () => {
  it("of depth end the reading", () => {
    for (const depth of [200, 100_000]) {
      const message = "a.yaml:1:100: not YAML: nesting exceeded maxDepth (100)"
      expect(messageOf("[".repeat(depth) + "]".repeat(depth))).toBe(message)
    }
  })

  it("of depth hold for aliases of aliases", () => {
    const chain = (depth: number) =>
      `define:\n  a0: &a0 [1]\n${lines(depth, (i) => `  a${i + 1}: &a${i + 1} [*a${i}]`)}\n${ONE}`
    expect(messageOf(chain(90))).toBe("nothing wrong")
    expect(messageOf(chain(1000))).toBe("a.yaml:1:1: its aliases nest more than 100 levels deep")
  })

  it("of values are counted while reading", () => {
    expect(messageOf(`a: [${"1,".repeat(1_000_001)}]`)).toMatch(/^a\.yaml:1:\d+: holds more than 1,000,000 values$/)
  })

  it("of steps hold for pipelines that run each other again and again", () => {
    const twice = (i: number) => `  p${i}: [count, { plus: { other: q${i + 1} } }, { plus: { other: q${i + 1} } }]`
    const sums = (i: number) =>
      `  q${i}: [count, { plus: { other: q${i + 1} } }, { plus: { other: q${i + 1} } }, { group: { size: 1 } }, add]`
    const text = `pipelines:\n${twice(0)}\n${lines(40, (i) => sums(i + 1))}\n  q41: [count, { group: { size: 1 } }, add]\n`
    expect(messageOf(text)).toContain("has more than 100,000 steps, those of the pipelines that it runs included")
  })

  it("of depth hold for pipelines that run each other", () => {
    const text = `pipelines:\n${lines(30_000, (i) => `  p${i}: [count, { plus: { other: p${i + 1} } }, { group: { size: 1 } }, add]`)}\n  p30000: [count, { group: { size: 1 } }, add]\n`
    expect(messageOf(text)).toContain("pipelines run each other more than 50 levels deep")
  })
})

describe("the nearest name", () => {
  it("is looked for among names of a length that can be near", () => {
    expect(nearest("sise", ["size", "a".repeat(1_000_000)])).toBe("size")
    expect(nearest("s".repeat(65), ["s".repeat(64)])).toBeUndefined()
  })
})
