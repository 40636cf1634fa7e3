import { expect, it } from "vitest"
import { explained } from "../../src/pipeline/explained.ts"
import { counted, few } from "../../src/pipeline/words.ts"

it("names the first few of many", () => {
  expect(few([])).toBe("")
  expect(few(["a", "b", "c"])).toBe("a, b, c")
  expect(few(["a", "b", "c", "d", "e"])).toBe("a, b, c and 2 more")
  expect(few(["a", "b"], 1)).toBe("a and 1 more")
})

it("counts one as one", () => {
  expect([0, 1, 2].map((n) => counted(n, "patch", "patches"))).toEqual(["0 patches", "1 patch", "2 patches"])
  expect(counted(1200, "name is", "names are")).toBe("1,200 names are")
  expect(counted(3, "band")).toBe("3 bands")
})

it("ends a message's sentences once", () => {
  class Fault extends explained("Fault") {}
  const said = (problem: string) => new Fault({ subject: "a.yaml", problem, remedy: "Mend it" }).message
  expect(said("is wrong")).toBe("a.yaml: is wrong. Mend it.")
  expect(said("is wrong; did you mean `b`?")).toBe("a.yaml: is wrong; did you mean `b`? Mend it.")
  expect(new Fault({ subject: "a.yaml", problem: "is wrong", remedy: "" }).message).toBe("a.yaml: is wrong.")
})
