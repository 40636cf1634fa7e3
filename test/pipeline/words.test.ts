import { expect, it } from "vitest"
import { explained } from "../../src/pipeline/explained.ts"
import { few } from "../../src/pipeline/words.ts"

it("names the first few of many", () => {
  expect(few([])).toBe("")
  expect(few(["a", "b", "c"])).toBe("a, b, c")
  expect(few(["a", "b", "c", "d", "e"])).toBe("a, b, c and 2 more")
  expect(few(["a", "b"], 1)).toBe("a and 1 more")
})

it("ends a message's sentences once", () => {
  class Fault extends explained("Fault") {}
  const said = (problem: string) => new Fault({ subject: "a.yaml", problem, remedy: "Mend it" }).message
  expect(said("is wrong")).toBe("a.yaml: is wrong. Mend it.")
  expect(said("is wrong; did you mean `b`?")).toBe("a.yaml: is wrong; did you mean `b`? Mend it.")
  expect(new Fault({ subject: "a.yaml", problem: "is wrong", remedy: "" }).message).toBe("a.yaml: is wrong.")
})
