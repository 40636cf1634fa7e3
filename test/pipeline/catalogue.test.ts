import { describe, expect, it } from "vitest"
import { catalogue, catalogueMarkdown, showCatalogue } from "../../src/pipeline/catalogue.ts"
import { toys } from "./toys.ts"

describe("the catalogue", () => {
  const entries = catalogue(toys)

  it("says what every operator takes, gives and accepts, in the words of the error messages", () => {
    expect(entries.find(({ name }) => name === "scale")).toEqual({
      name: "scale",
      about: "Multiplies each number.",
      takes: "numbers",
      gives: "numbers",
      params: [
        {
          name: "factor",
          expected: "a number",
          fallback: undefined,
          required: true,
          description: "What each is multiplied by."
        },
        {
          name: "limit",
          expected: "a whole number of at least 0",
          fallback: "1000000",
          required: false,
          description: "Greatest number let through."
        },
        {
          name: "how",
          expected: '"exact" or "rounded"',
          fallback: '"exact"',
          required: false,
          description: "Rounding."
        }
      ]
    })
    expect(entries.map(({ takes, gives }) => `${takes} > ${gives}`)).toEqual([
      "nothing > numbers",
      "numbers > numbers",
      "numbers > groups",
      "groups > sums",
      "anything > the same",
      "numbers > numbers"
    ])
    expect(entries.at(-1)?.params[0].expected).toBe("the name of a pipeline that gives sums")
    expect(entries[3].params[0].expected).toBe("a mapping of width, tags")
  })

  it("is printed for terminals and as Markdown", () => {
    expect(showCatalogue(entries)).toContain(
      "group: numbers -> groups\n  Groups numbers.\n    size (required): a whole number of at least 1. Numbers a group."
    )
    expect(catalogueMarkdown(entries)).toContain('| `how` | Rounding. | "exact" or "rounded" | `"exact"` |')
  })
})
