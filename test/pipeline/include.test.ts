// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are references of configuration files
import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { load } from "../../src/pipeline/load.ts"
import { Name, optional, param, Seed } from "../../src/pipeline/param.ts"
import { hash } from "../../src/pipeline/print.ts"
import { toys } from "./toys.ts"

const language = { settings: { seed: param(Seed, "Seed.", 24), experiment: optional(Name, "Tag.") }, operators: toys }
type Files = Readonly<Record<string, string>>

/** Reads `main.yaml` of some files that are not on disk. */
const read = (files: Files, set: ReadonlyArray<string> = []) => {
  const read = (path: string) => {
    if (Object.hasOwn(files, path)) return files[path]
    throw Object.assign(new Error("no such file"), { code: path.endsWith("/") ? "EISDIR" : "ENOENT" })
  }
  const sources = { environment: { variables: { BASE: "base" }, home: "/home/me" }, read }
  return load(files["main.yaml"], "main.yaml", language, { set, sources })
}
const good = (files: Files, set?: ReadonlyArray<string>) => Result.getOrThrow(read(files, set))
const faults = (files: Files, set?: ReadonlyArray<string>) => {
  const result = read(files, set)
  return Result.isFailure(result) ? result.failure.message.split("\n") : ["nothing wrong"]
}
const steps = (loaded: ReturnType<typeof good>, name: string) =>
  loaded.pipelines.get(name)?.steps.map((step) => [step.name, step.params])

const base = `seed: 1
experiment: base
define:
  many: &many 5
  twice: &twice { factor: 2, limit: 100 }
pipelines:
  one:
    - count: { to: *many }
    - scale: *twice
`

describe("include", () => {
  it("gives a file everything of another one; own values win", () => {
    const loaded = good({ "base.yaml": base, "main.yaml": "include: base.yaml\nseed: 2\n" })
    expect(loaded.settings).toEqual({ seed: 2, experiment: "base" })
    expect(steps(loaded, "one")?.[0]).toEqual(["count", { to: 5, by: 1 }])
  })

  it("lets anchored values be replaced by name: every use follows, in both files", () => {
    const main = `include: base.yaml
define:
  many: 7
pipelines:
  two: [{ count: { to: *many } }, { scale: { <<: *twice, limit: 3 } }]
`
    const loaded = good({ "base.yaml": base, "main.yaml": main })
    expect([...loaded.pipelines.keys()]).toEqual(["one", "two"])
    expect(steps(loaded, "one")?.[0]).toEqual(["count", { to: 7, by: 1 }])
    expect(steps(loaded, "two")?.[0]).toEqual(["count", { to: 7, by: 1 }])
    expect(steps(loaded, "two")?.[1][1]).toMatchObject({ factor: 2, limit: 3 })
  })

  it("lets a value extend the one that it replaces", () => {
    const main = "include: base.yaml\ndefine: { twice: { <<: *twice, limit: 9 } }\n"
    const loaded = good({ "base.yaml": base, "main.yaml": main })
    expect(steps(loaded, "one")?.[1][1]).toMatchObject({ factor: 2, limit: 9 })
  })

  it("replaces a pipeline whole, at its place", () => {
    const files = {
      "base.yaml": `${base}  two: [count]\n`,
      "main.yaml": "include: base.yaml\npipelines: { one: [count] }\n"
    }
    const loaded = good(files)
    expect([...loaded.pipelines.keys()]).toEqual(["one", "two"])
    expect(steps(loaded, "one")).toEqual([["count", { to: 10, by: 1 }]])
  })

  it("takes several files, the later before the earlier, and files that include files, relative to each", () => {
    const files = {
      "main.yaml": "include: [a/a.yaml, ${BASE}.yaml]\npipelines: { p: [count] }\n",
      "base.yaml": "seed: 3\n",
      "a/a.yaml": "include: b/b.yaml\nseed: 2\n",
      "a/b/b.yaml": "include: ../../c.yaml\nexperiment: b\nseed: 1\n",
      "c.yaml": "# nothing but a comment\n"
    }
    expect(good(files).settings).toEqual({ seed: 3, experiment: "b" })
  })

  it("works with --set as one file does", () => {
    const files = { "base.yaml": base, "main.yaml": "include: base.yaml\ndefine: { many: 7 }\n" }
    expect(steps(good(files, ["many=8"]), "one")?.[0]).toEqual(["count", { to: 8, by: 1 }])
    expect(steps(good(files, ["one.scale.limit=4"]), "one")?.[1][1]).toMatchObject({ factor: 2, limit: 4 })
    expect(faults(files, ["include=x.yaml"])[0]).toContain("there is no key `include`")
  })

  it("shows faults in the file that they are in", () => {
    const files = {
      "base.yaml": "define: { many: &many no }\npipelines:\n  one: [{ count: { two: 1 } }, { count: { to: *many } }]\n",
      "main.yaml": "include: base.yaml\nseed: x\npipelines:\n  two: [{ count: { to: y } }]\n"
    }
    expect(faults(files).map((line) => line.split(": ").slice(0, 2).join(" "))).toEqual([
      "main.yaml:2:7 seed",
      "main.yaml:4:24 pipelines.two.count.to",
      "base.yaml:1:23 pipelines.one.count.to",
      "base.yaml:3:20 pipelines.one.count.two",
      "base.yaml:3:32 pipelines.one.count"
    ])
  })

  it("refuses circles, files that are not there, and what is not a path", () => {
    const empty = "pipelines: { p: [count] }\n"
    expect(faults({ "main.yaml": "include: a.yaml\n", "a.yaml": "include: ./main.yaml\n" })).toEqual([
      "a.yaml:1:10: include: the file includes itself: main.yaml > a.yaml > main.yaml"
    ])
    expect(faults({ "main.yaml": `include: main.yaml\n${empty}` })).toEqual([
      "main.yaml:1:10: include: the file includes itself: main.yaml > main.yaml"
    ])
    expect(faults({ "main.yaml": `include: [no.yaml, 3]\n${empty}` })).toEqual([
      "main.yaml:1:11: include: there is no file no.yaml; the path is relative to the file that includes it",
      "main.yaml:1:20: include: there is no file 3; the path is relative to the file that includes it"
    ])
    expect(faults({ "main.yaml": `include: { a: 1 }\n${empty}` })[0]).toContain(
      "expected the path of a file, or a list"
    )
    expect(faults({ "main.yaml": `include:\n${empty}` })[0]).toContain("found nothing")
    expect(faults({ "main.yaml": `include: a.yaml\n${empty}`, "a.yaml": "[1, 2]" })[0]).toContain(
      "an included file is a mapping"
    )
    expect(faults({ "main.yaml": `include: a.yaml\ninclude: a.yaml\n${empty}`, "a.yaml": "seed: 1" })).toEqual([
      "main.yaml:2:1: duplicate key `include`"
    ])
    expect(faults({ "main.yaml": `include: a.yaml\n${empty}`, "a.yaml": "seed: [\n" })[0]).toMatch(
      /^a.yaml:\d+:\d+: not YAML/
    )
  })

  it("refuses values that contain themselves once both files are one", () => {
    const rest = "pipelines: { p: [count] }\n"
    const both = { "base.yaml": "define: { a: &a 1, b: &b 2 }\n", "main.yaml": `include: base.yaml\n${rest}` }
    expect(faults({ ...both, "main.yaml": `${both["main.yaml"]}define: { a: [*b], b: [*a] }\n` })[0]).toContain(
      "refers to itself after"
    )
    const main = `include: base.yaml\n${rest}define: { a: [*c] }\n`
    expect(faults({ "base.yaml": "define: { a: &a 1, c: &c [*a] }\n", "main.yaml": main })[0]).toContain(
      "refers to itself after"
    )
  })

  it("counts files: chains that include each other twice do not explode", () => {
    const files: Record<string, string> = { "main.yaml": "include: [f0.yaml, f0.yaml]\n", "f30.yaml": "seed: 1\n" }
    for (let i = 0; i < 30; i++) files[`f${i}.yaml`] = `include: [f${i + 1}.yaml, f${i + 1}.yaml]\n`
    expect(faults(files).some((line) => line.includes("more than 100 files are included"))).toBe(true)
  })

  it("gives the same pipelines as one file in which the values were edited", () => {
    const names = ["a", "b", "c", "d"] as const
    const numbers = fc.record(Object.fromEntries(names.map((name) => [name, fc.integer({ min: 1, max: 99 })])))
    const some = fc.subarray([...names])
    const define = (values: Record<string, number>, keys: ReadonlyArray<string>, anchors: boolean) =>
      keys.length === 0
        ? ""
        : `define:\n${keys.map((key) => `  ${key}: ${anchors ? `&${key} ` : ""}${values[key]}\n`).join("")}`
    const body = `  used: [{ count: { to: *c, by: *d } }]\n`
    const own = `  own: [{ count: { to: *a, by: *b } }]\n`
    fc.assert(
      fc.property(numbers, numbers, some, fc.boolean(), (first, second, replaced, anchors) => {
        const merged = { ...first, ...Object.fromEntries(replaced.map((key) => [key, second[key]])) }
        const files = {
          "base.yaml": `${define(first, names, true)}pipelines:\n${body}`,
          "main.yaml": `include: base.yaml\n${define(second, replaced, anchors)}pipelines:\n${own}`
        }
        const one = good({ "main.yaml": `${define(merged, names, true)}pipelines:\n${body}${own}` })
        const two = good(files)
        expect([...two.pipelines].map(([name, p]) => [name, hash(p)])).toEqual(
          [...one.pipelines].map(([name, p]) => [name, hash(p)])
        )
      })
    )
  })
})
