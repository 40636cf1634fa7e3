/** Files that are nearly right: what is left empty, names that cannot be named, options that would change nothing. */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { load } from "../../src/pipeline/load.ts"
import { operator } from "../../src/pipeline/operator.ts"
import { listOf, Name, param } from "../../src/pipeline/param.ts"
import { Sum, toys } from "./toys.ts"

const tag = operator({
  name: "tag",
  about: "Names things.",
  from: Sum,
  to: Sum,
  params: { names: param(listOf(Name), "Names.") },
  run: () => (sums) => sums
})
const read = (text: string, set: ReadonlyArray<string> = []) =>
  load(text, "a.yaml", { settings: {}, operators: [...toys, tag] }, { set })
const faults = (text: string, set?: ReadonlyArray<string>): ReadonlyArray<string> => {
  const result = read(text, set)
  return Result.isFailure(result) ? result.failure.message.split("\n") : ["nothing wrong"]
}

describe("what is left empty", () => {
  it("is told where it is left", () => {
    expect(faults("pipelines:\n  one:\n    - count: { to: 3 }\n    - group:\n        size:\n    - add\n")).toEqual([
      "a.yaml:5:9: pipelines.one.group.size: expected a whole number of at least 1, found nothing"
    ])
    expect(faults("pipelines:\n  one:\n    - count: { to: 3 }\n    -\n")[0]).toMatch(/^a\.yaml:3:5: pipelines\.one: /)
    expect(faults("pipelines:\n  one:\n")[0]).toMatch(/^a\.yaml:2:3: pipelines\.one: expected a list of steps/)
  })
})

describe("names", () => {
  it.each(["b.c", '"a: b #c"', "a/b"])("of pipelines that records cannot tell are refused: %s", (name) => {
    expect(faults(`pipelines:\n  ${name}:\n    - count: { to: 3 }\n`)[0]).toMatch(
      /^a\.yaml:2:[34]: pipelines\..*: expected a name of letters, digits, `-` and `_`,/
    )
  })

  it("in lists may be numbers, as bands without names are called", () => {
    const loaded = Result.getOrThrow(
      read(
        "pipelines:\n  one:\n    - count: { to: 3 }\n    - group: { size: 1 }\n    - add\n    - tag: { names: [1, 02, B03] }\n"
      )
    )
    expect(loaded.pipelines.get("one")?.steps[3].params).toEqual({ names: ["1", "02", "B03"] })
  })
})

describe("--set into `define`", () => {
  const file = `
define: { epochs: &epochs 6, patches: 7, deep: { size: &size 2 }, whole: &whole { to: 3 } }
pipelines:
  one:
    - count: { <<: *whole }
    - group: { size: *size }
    - add
  two:
    - count: { to: *epochs }
    - <<: { scale: { factor: 2 } }
`
  it.each([
    ["define={ epochs: 3 }", "name one of the values in `define`"],
    ["define.epoch=3", "`define` has no `epoch`; did you mean `epochs`?"],
    ["patches=3", "no step uses `define.patches`: give it an anchor, and put its alias into a step"],
    ["deep.other=3", "no step uses `define.deep.other`"]
  ])("is refused where it would change nothing: %s", (set, problem) => {
    expect(faults(file, [set])).toEqual([expect.stringContaining(`--set ${set}: ${problem}`)])
  })

  it("changes what aliases take, however deep it stands", () => {
    const loaded = Result.getOrThrow(read(file, ["epochs=9", "deep.size=4", "whole.to=5", "two.scale.factor=3"]))
    const params = (name: string, i: number) => loaded.pipelines.get(name)?.steps[i].params
    expect([params("one", 0), params("one", 1), params("two", 0)]).toMatchObject([{ to: 5 }, { size: 4 }, { to: 9 }])
    expect(params("two", 1)).toMatchObject({ factor: 3 })
  })
})
