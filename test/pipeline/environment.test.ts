// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are references of configuration files
import { Result, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { load } from "../../src/pipeline/load.ts"
import { Flag, Name, optional, PositiveInt, param } from "../../src/pipeline/param.ts"
import { flowText } from "../../src/pipeline/print.ts"
import { expanded } from "../../src/pipeline/yaml/environment.ts"
import { toys } from "./toys.ts"

const settings = {
  place: optional(Name, "A path."),
  size: optional(PositiveInt, "A number."),
  flag: optional(Flag, "A flag."),
  any: param(Schema.Unknown, "Anything.", "nothing")
}
const read = (text: string, variables: Readonly<Record<string, string>> = {}, set: ReadonlyArray<string> = []) => {
  const sources = { environment: { variables, home: "/home/me" }, read: () => "" }
  return load(`${text}\npipelines: { p: [count] }\n`, "a.yaml", { settings, operators: toys }, { set, sources })
}
const values = (text: string, variables?: Readonly<Record<string, string>>, set?: ReadonlyArray<string>) =>
  Result.getOrThrow(read(text, variables, set)).settings
const faults = (text: string, variables?: Readonly<Record<string, string>>) => {
  const result = read(text, variables)
  return Result.isFailure(result) ? result.failure.message.split("\n") : ["nothing wrong"]
}

describe("the environment in values", () => {
  it("is filled in, in block and in flow form", () => {
    const given = { DATA: "/data" }
    expect(values("place: ${DATA}/ben", given).place).toBe("/data/ben")
    expect(values("any: { from: ${DATA}/ben, at: [${DATA}, x] }", given).any).toEqual({
      from: "/data/ben",
      at: ["/data", "x"]
    })
    expect(values("any: 'a ${DATA} b' # ${NOT_SET}", given).any).toBe("a /data b")
    expect(values("any: |\n  line ${DATA}\n", given).any).toBe("line /data\n")
    expect(values("place: x", given, ["place=${DATA}/set"]).place).toBe("/data/set")
  })

  it("is read as YAML reads it without quotes, and is text inside quotes", () => {
    expect(values("size: ${N}\nflag: ${F}", { N: "64", F: "true" })).toMatchObject({ size: 64, flag: true })
    expect(values("any: { size: ${N:-7} }").any).toEqual({ size: 7 })
    expect(values("any: '${N}'", { N: "64" }).any).toBe("64")
    expect(values("place: ${N}", { N: "1e-4" }).place).toBe("1e-4")
  })

  it("has defaults for names that are not set or empty", () => {
    expect(values("any: ${A:-b c: d, e}", {}).any).toBe("b c: d, e")
    expect(values("any: [ ${A:-b, c: d} ]").any).toEqual(["b, c: d"])
    expect(values("place: ${A:-x}", { A: "" }).place).toBe("x")
    expect(values("any: '${A}'", { A: "" }).any).toBe("")
  })

  it("is escaped by a second $", () => {
    expect(values("any: [$${A}, '$${A:-x}', '$$', '${', '$A']", { A: "no" }).any).toEqual([
      "${A}",
      "${A:-x}",
      "$$",
      "${",
      "$A"
    ])
  })

  it("of a name that is not set is one fault, however often it is used", () => {
    expect(faults("place: ${NOT_SET}/a\nany: [${NOT_SET}, ${OTHER}]")).toEqual([
      "a.yaml:1:8: the environment variable `NOT_SET` is not set; set it, or give a default: `${NOT_SET:-…}`",
      "a.yaml:2:19: the environment variable `OTHER` is not set; set it, or give a default: `${OTHER:-…}`"
    ])
  })

  it("is refused in keys, and where it is not a name", () => {
    expect(faults("${A}: 1", { A: "any" })[0]).toBe("a.yaml:1:1: key `${A}` refers to the environment; only values may")
    expect(faults("any: ${a b}")[0]).toBe(
      "a.yaml:1:6: expected `${NAME}` or `${NAME:-default}`, found `${a b}`; for this very text write `$${a b}`"
    )
    expect(faults("any: ${constructor}")[0]).toContain("`constructor` is not set")
  })

  it.each([
    ["DB_PASSWORD", "x"],
    ["HF_TOKEN", "x"],
    ["AWS_SECRET_ACCESS_KEY", "x"],
    ["OPENAI_API_KEY", "x"],
    ["STORE", "postgres://me:hidden@host/db"],
    ["NAME", "ghp_0123456789abcdef0123"],
    ["PEM", "-----BEGIN RSA PRIVATE KEY-----\nx"]
  ])("is refused if it looks like a secret: %s", (name, value) => {
    const [fault] = faults(`any: \${${name}:-}`, { [name]: value })
    expect(fault).toBe(
      `a.yaml:1:6: the environment variable \`${name}\` looks like a secret, and a value of a file is written into the run's record. Use another variable`
    )
  })

  it.each(["PWD", "HOME", "DATA_KEYS_FOLDER", "MONKEY", "TOKENS", "AUTHOR"])("accepts %s", (name) => {
    expect(values(`any: "\${${name}}"`, { [name]: "https://host/a" }).any).toBe("https://host/a")
  })

  it("never changes the structure of a file, whatever it holds", () => {
    const text = fc.string({ unit: "binary" }).filter((one) => !one.startsWith("~"))
    fc.assert(
      fc.property(text, (value) => {
        const environment = { variables: { V: value }, home: "/home/me" }
        const result = read('any: { quoted: "${V}", after: 1, plain: ${V} }', { V: value })
        if ("problem" in expanded("${V}", environment)) return expect(Result.isFailure(result)).toBe(true)
        const { any } = Result.getOrThrow(result).settings as { any: Record<string, unknown> }
        expect(Object.keys(any)).toEqual(["quoted", "after", "plain"])
        expect(any.quoted).toBe(value)
        expect(typeof any.plain === "object" ? any.plain : null).toBe(null)
        if (/\s/.test(value)) expect(any.plain).toBe(value)
      })
    )
  })

  it("is not looked for in values that were printed", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("$", "{", "}", "A", ":", "-", " ", '"', "\\") }), (value) => {
        const written = flowText({ value })
        const result = read(`any: ${written}`, { A: "wrong" })
        expect(Result.isSuccess(result) ? result.success.settings.any : result.failure.message).toEqual({ value })
      })
    )
  })
})

describe("a key that was printed", () => {
  it("is read as that key, whatever signs it has", () => {
    const key = fc.string({
      unit: fc.constantFrom("{", "}", "A", "1", "e", ",", "=", ":", "#", " ", '"'),
      minLength: 1
    })
    fc.assert(
      fc.property(key, (key) => {
        const result = read(`any: ${flowText({ [key]: 1 })}`, { A: "wrong" })
        expect(Result.isSuccess(result) ? result.success.settings.any : result.failure.message).toEqual({ [key]: 1 })
      })
    )
  })
})

describe("the home folder", () => {
  it("is meant by `~/` at the beginning of a value", () => {
    expect(values("place: ~/own").place).toBe("/home/me/own")
    expect(values("any: [~/a b, '~/c', '~', x~/y, a/~/b]").any).toEqual([
      "/home/me/a b",
      "/home/me/c",
      "/home/me",
      "x~/y",
      "a/~/b"
    ])
    expect(values("place: x", {}, ["place=~/set"]).place).toBe("/home/me/set")
    expect(values("place: ${A:-~/b}").place).toBe("/home/me/b")
  })

  it("of another user is refused", () => {
    expect(faults("place: ~bob/own")).toEqual([
      "a.yaml:1:8: `~bob`, the home folder of another user, is not looked up; write its path"
    ])
  })
})
