import { Effect, Result, Schema, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { toStream } from "../../src/pipeline/interpret.ts"
import { load } from "../../src/pipeline/load.ts"
import { operator } from "../../src/pipeline/operator.ts"
import { Compat, Name, optional, PositiveInt, param, Seed } from "../../src/pipeline/param.ts"
import { hash, toJson } from "../../src/pipeline/print.ts"
import { effect } from "../effect.ts"
import { add, count, group, Num, plus, scale, toys } from "./toys.ts"

const language = { settings: { seed: param(Seed, "Seed.", 24), experiment: optional(Name, "Tag.") }, operators: toys }
const read = (text: string, set: ReadonlyArray<string> = []) => load(text, "a.yaml", language, { set })
const good = (text: string, set?: ReadonlyArray<string>) => Result.getOrThrow(read(text, set))
const faults = (text: string, set?: ReadonlyArray<string>): ReadonlyArray<string> => {
  const result = read(text, set)
  return Result.isFailure(result) ? result.failure.message.split("\n") : ["nothing wrong"]
}
const only = (steps: string) => `pipelines:\n  one:\n${steps.replace(/^/gm, "    ")}\n`

describe("a file", () => {
  const file = `
seed: 7
experiment: 1e-4          # a name keeps its text
define:
  many: &many 5
  twice: &twice { factor: 2, limit: 100 }
pipelines:
  total:
    - count: { to: *many }
    - group: { size: 2 }
    - add
  one:
    - count: { to: *many }
    - scale: { <<: *twice, limit: 50 }
    - plus:  { other: total }
    - group: { size: 2 }
    - add:
`
  const total = count({ to: 5 }).pipe(group({ size: 2 }), add())
  const one = count({ to: 5 }).pipe(scale({ factor: 2, limit: 50 }), plus({ other: total }), group({ size: 2 }), add())

  it("gives the same value as code", () => {
    const loaded = good(file)
    expect(loaded.settings).toEqual({ seed: 7, experiment: "1e-4" })
    expect([...loaded.pipelines.keys()]).toEqual(["total", "one"])
    expect([...loaded.inner]).toEqual(["total"])
    const fromFile = loaded.pipelines.get("one")
    expect(fromFile).toEqual(one)
    expect(toJson(fromFile ?? one)).toEqual(toJson(one))
    expect(hash(fromFile ?? total)).toBe(hash(one))
  })

  effect("gives the same results as code", () =>
    Effect.gen(function* () {
      const fromFile = good(file).pipelines.get("one") ?? total
      const results = yield* Stream.runCollect(toStream(fromFile))
      expect(results).toEqual(yield* Stream.runCollect(toStream(one)))
      expect(results).toEqual([{ kind: "sum", total: 20 + 5 * 10 }])
    })
  )

  it("may name a pipeline before it stands", () => {
    const text = "pipelines:\n  a: [count, { plus: { other: b } }]\n  b: [count, { group: { size: 1 } }, add]\n"
    expect([...good(text).pipelines.keys()]).toEqual(["a", "b"])
  })

  it("merges lists of mappings, the first before the second", () => {
    const text = `define: [&a { factor: 1, limit: 7 }, &b { factor: 2, how: rounded }]\n${only("- count\n- scale: { <<: [*a, *b] }")}`
    expect(good(text).pipelines.get("one")?.steps[1].params).toEqual({ factor: 1, limit: 7, how: "rounded" })
  })
})

describe("faults", () => {
  it("of what a file leaves to be given name the option that gives it", () => {
    const text = `define:\n  many: &many          # give it\n  seed: &own\n  two: &two 2\n${only("- count: { to: *many }\n- scale: { factor: *own, limit: *two }")}`
    expect(faults(text)).toEqual([
      expect.stringMatching(
        /^a.yaml:2:3: pipelines.one.count.to: expected .*, found nothing; give it with `--set many=…`$/
      ),
      expect.stringMatching(/^a.yaml:3:3: pipelines.one.scale.factor: .*; give it with `--set define.seed=…`$/)
    ])
    expect(good(text, ["many=3", "define.seed=2"]).pipelines.get("one")?.steps[0].params).toMatchObject({ to: 3 })
    expect(faults(only("- count: { to: }"))).toEqual([expect.stringMatching(/found nothing$/)])
  })

  it.each([
    [
      "unknown operator",
      "- count\n- scael: { factor: 2 }",
      "a.yaml:4:7: pipelines.one.scael: unknown operator; did you mean `scale`?"
    ],
    [
      "unknown parameter",
      "- count: { too: 3 }",
      "a.yaml:3:16: pipelines.one.count.too: unknown parameter; did you mean `to`?"
    ],
    [
      "wrong type",
      "- count: { to: many }",
      'a.yaml:3:20: pipelines.one.count.to: expected a whole number of at least 0, found "many"'
    ],
    [
      "out of range",
      "- count: { to: -1 }",
      "a.yaml:3:20: pipelines.one.count.to: expected a whole number of at least 0, found -1"
    ],
    [
      "unknown choice",
      "- count\n- scale: { factor: 1, how: Exact }",
      'a.yaml:4:32: pipelines.one.scale.how: unknown value "Exact"; did you mean `exact`?'
    ],
    ["missing parameter", "- count\n- group", "a.yaml:4:7: pipelines.one.group.size: is missing: Numbers a group."],
    ["neighbours", "- count\n- add", "a.yaml:4:7: pipelines.one.add: `add` takes groups, but `count` gives numbers"],
    [
      "no source",
      "- group: { size: 1 }",
      "a.yaml:3:7: pipelines.one.group: `group` takes numbers, but it is the first step"
    ],
    [
      "a source inside",
      "- count\n- count",
      "a.yaml:4:7: pipelines.one.count: `count` begins a pipeline, but it follows `count`"
    ],
    [
      "through passing steps",
      "- count\n- take: { n: 1 }\n- add",
      "a.yaml:5:7: pipelines.one.add: `add` takes groups, but `take` gives numbers"
    ],
    ["a duplicate key", "- count: { to: 1, to: 2 }", "a.yaml:3:23: duplicate key `to`"],
    [
      "two operators in a step",
      "- { count: {}, add: {} }",
      'a.yaml:3:7: pipelines.one: expected one operator, as in `- batch: { size: 64 }`, found {"count":{},"add":{}}'
    ],
    [
      "parameters that are no mapping",
      "- count: 3",
      "a.yaml:3:14: pipelines.one.count: expected a mapping of parameters, found 3"
    ],
    [
      "a nested value",
      "- count\n- group: { size: 1 }\n- add: { shape: { width: 0, tags: [a, 2], x: 1 } }",
      "a.yaml:5:30: pipelines.one.add.shape.width: expected a whole number of at least 1, found 0"
    ],
    ["an alias without anchor", "- count: { to: *n }", "a.yaml:3:20: alias `*n` has no anchor `&n` before it"],
    ["an alias of itself", "- count: &c { to: *c }", "a.yaml:3:23: alias `*c` refers to itself"],
    ["an unknown tag", "- count: { to: !!js/function 3 }", "a.yaml:3:20"],
    [
      "no such pipeline",
      "- count\n- plus: { other: oen }",
      'a.yaml:4:22: pipelines.one.plus.other: expected the name of a pipeline of this file, found "oen"; did you mean `one`?'
    ],
    [
      "a pipeline of itself",
      "- count\n- plus: { other: one }",
      "a.yaml:4:22: pipelines.one.plus.other: pipeline `one` runs itself: one > one"
    ]
  ])("%s", (_, steps, message) => {
    expect(faults(only(steps))[0]).toContain(message)
  })

  it("gives all faults of nested values", () => {
    expect(
      faults(only("- count\n- group: { size: 1 }\n- add: { shape: { width: 0, tags: [a, 2], widht: 1 } }"))
    ).toEqual([
      "a.yaml:5:30: pipelines.one.add.shape.width: expected a whole number of at least 1, found 0",
      "a.yaml:5:43: pipelines.one.add.shape.tags.1: expected text, found 2",
      "a.yaml:5:47: pipelines.one.add.shape.widht: unknown key; did you mean `width`?"
    ])
  })

  it("are reported together, in the order of the text", () => {
    const text = `sed: 3\npipelines:\n  one:\n    - count: { to: x }\n    - gruop: { size: 1 }\n  two: []\n  three:\n    - count: { to: 1, to: 2 }\n`
    expect(faults(text)).toEqual(["a.yaml:8:23: duplicate key `to`"])
    expect(faults(text.replace(", to: 2", ""))).toEqual([
      "a.yaml:1:1: sed: unknown key; did you mean `seed`?",
      'a.yaml:4:20: pipelines.one.count.to: expected a whole number of at least 0, found "x"',
      "a.yaml:5:7: pipelines.one.gruop: unknown operator; did you mean `group`?",
      "a.yaml:6:8: pipelines.two: expected a list of steps, found an empty one"
    ])
  })

  it("inside an anchor stand where its text stands, once", () => {
    const text = `define: { n: &n { to: x } }\npipelines:\n  one: [{ count: *n }]\n  two: [{ count: { <<: *n } }]\n`
    expect(faults(text).map((line) => line.slice(0, 13))).toEqual(["a.yaml:1:23: ", "a.yaml:1:23: "])
  })

  it("of syntax stand alone", () => {
    expect(faults("pipelines: [\nseed: x: y\nfoo: !")).toHaveLength(1)
    expect(faults("pipelines: [\n")[0]).toMatch(/^a\.yaml:\d+:\d+: not YAML: /)
  })

  it.each([
    ["an empty file", "", "is empty: there is nothing to run"],
    ["a comment only", "# nothing\n", "is empty"],
    ["no pipelines", "seed: 3\n", "`pipelines` is missing"],
    ["a list", "- count\n", "expected a mapping of seed, experiment, define, pipelines"],
    ["two documents", "pipelines: { a: [count] }\n---\npipelines: { a: [count] }\n", "holds more than one document"],
    ["empty pipelines", "pipelines: {}\n", "expected a mapping from names to lists of steps, found {}"],
    ["a key that is a list", "? [a, b]\n: 1\npipelines: { a: [count] }\n", "a key must be text"],
    ["a merge of a number", `define: &d 3\n${only("- count: { <<: *d }")}`, "`<<` merges mappings only"]
  ])("%s", (_, text, message) => {
    expect(faults(text).join("\n")).toContain(message)
  })

  it("refuse exploding aliases quickly", () => {
    const lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for (let i = 1; i < 30; i++) lines.push(`a${i}: &a${i} [${new Array(10).fill(`*a${i - 1}`).join(", ")}]`)
    expect(faults(`define:\n  ${lines.join("\n  ")}\n`)).toEqual([
      "a.yaml:1:1: its aliases expand to more than 1,000,000 values"
    ])
  })

  it("never throws, whatever the text", () => {
    const piece = fc.constantFrom(
      "a",
      "- ",
      ": ",
      "&x ",
      "*x",
      "{",
      "}",
      "[",
      "]",
      "\n",
      "  ",
      "<<",
      "!!str ",
      "'",
      '"',
      "|",
      "count",
      "pipelines",
      "# ",
      "? ",
      "---\n",
      "\t",
      "1e-4"
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => typeof read(pieces.join("")) === "object"),
      { numRuns: 2000 }
    )
  })
})

describe("--set", () => {
  const file = `
seed: 7
define:
  n: &n { to: 5 }
  size: &size 2
pipelines:
  one:
    - &c { count: *n }
    - scale: { factor: 2 }
    - scale: { factor: 3 }
    - group: { size: *size }
    - add
  two:
    - *c
    - group: { size: *size }
`
  const steps = (name: string, ...set: ReadonlyArray<string>) =>
    good(file, set)
      .pipelines.get(name)
      ?.steps.map(({ params }) => params) ?? []

  it("edits settings, anchors and single steps", () => {
    expect(good(file, ["seed=9"]).settings.seed).toBe(9)
    expect(steps("two", "define.n.to=3")[0]).toMatchObject({ to: 3 })
    expect(steps("one", "define.n.to=3")[0]).toMatchObject({ to: 3 })
    expect(steps("one", "pipelines.one.count.to=3")[0]).toMatchObject({ to: 3 })
    expect(steps("two", "pipelines.two.group.size=8")[1]).toMatchObject({ size: 8 })
    expect(steps("one", "pipelines.two.group.size=8")[3]).toMatchObject({ size: 2 })
    expect(steps("one", "pipelines.one.scale#2.factor=8").map((p) => p.factor)).toEqual([
      undefined,
      2,
      8,
      undefined,
      undefined
    ])
    expect(steps("one", "pipelines.one.add.shape={ width: 3, tags: [] }")[4]).toEqual({ shape: { width: 3, tags: [] } })
  })

  it("through an alias changes that use alone", () => {
    expect(steps("two", "pipelines.two.count.to=3")[0]).toMatchObject({ to: 3 })
    expect(steps("one", "pipelines.two.count.to=3")[0]).toMatchObject({ to: 5 })
  })

  it("finds defined values and pipelines by their bare names", () => {
    expect(steps("one", "size=8")[3]).toMatchObject({ size: 8 })
    expect(steps("two", "size=8")[1]).toMatchObject({ size: 8 })
    expect(steps("one", "two.count.by=4", "one.count.by=3")[0]).toMatchObject({ by: 3 })
  })

  it.each([
    ["seed", "--set seed: expected `path=value`"],
    ["sede=1", "--set sede=1: there is no key `sede`; did you mean `seed`?"],
    ["pipelines.one.gruop.size=1", "--set pipelines.one.gruop.size=1: there is no step `gruop`; did you mean `group`?"],
    ["pipelines.one.scale.factor=1", "there are 2 steps `scale`: use `scale#1` to `scale#2`"],
    [
      "pipelines.one.group.size=x",
      '--set pipelines.one.group.size=x: pipelines.one.group.size: expected a whole number of at least 1, found "x"'
    ],
    [
      "pipelines.one.group.sice=1",
      "--set pipelines.one.group.sice=1: pipelines.one.group.sice: unknown parameter; did you mean `size`?"
    ],
    ["seed={", "--set seed={: not YAML"],
    ["seed.x=1", "--set seed.x=1: `7` is a value and has no `x`"]
  ])("%s is refused", (setting, message) => {
    expect(faults(file, [setting]).join("\n")).toContain(message)
  })
})

describe("what a file says at its top for all steps", () => {
  const shape = operator({
    name: "shape",
    about: "Shapes numbers.",
    from: Num,
    to: Num,
    params: {
      compat: param(Compat, "Quirks.", "none"),
      how: param(Schema.Struct({ size: PositiveInt, compat: Schema.optionalKey(Compat) }), "How.", { size: 1 })
    },
    run: () => (numbers) => numbers
  })
  const inheriting = {
    settings: { compat: optional(Compat, "Quirks.") },
    operators: [count, shape],
    inherited: ["compat"]
  } as const
  const steps = (top: string, step: string) =>
    Result.getOrThrow(load(`${top}\n${only(`- count\n- ${step}`)}`, "a.yaml", inheriting))
      .pipelines.get("one")
      ?.steps.map(({ params }) => params)

  it("is the default of their parameters of that name, and of keys of mappings", () => {
    const before = { to: 10, by: 1 }
    expect(steps("compat: original", "shape")).toEqual([before, { compat: "original", how: { size: 1 } }])
    expect(steps("compat: original", "shape: { how: { size: 2 } }")).toEqual([
      before,
      { compat: "original", how: { size: 2, compat: "original" } }
    ])
    expect(steps("compat: original", "shape: { compat: none, how: { size: 2, compat: none } }")).toEqual([
      before,
      { compat: "none", how: { size: 2, compat: "none" } }
    ])
    expect(steps("", "shape: { how: { size: 2 } }")).toEqual([before, { compat: "none", how: { size: 2 } }])
  })

  it("is checked itself, and does not hide what is wrong with a step", () => {
    const text = `compat: originl\n${only("- count\n- shape: { how: { size: 0 } }")}`
    const result = load(text, "a.yaml", inheriting)
    expect(Result.isFailure(result) && result.failure.message.split("\n")).toEqual([
      'a.yaml:1:9: compat: unknown value "originl"; did you mean `original`?',
      "a.yaml:5:29: pipelines.one.shape.how.size: expected a whole number of at least 1, found 0"
    ])
  })
})
