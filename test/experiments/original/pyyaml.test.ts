import { describe, expect, it } from "vitest"
import { pyScalar, pyValue } from "../../../src/experiments/original/pyyaml.ts"
import { parseYaml } from "../../../src/pipeline/yaml/parse.ts"
import { fileText } from "../../../src/pipeline/yaml/text.ts"
import { peer } from "../../peers/python.ts"

const read = (text: string): unknown => {
  const { root } = parseYaml(fileText("a.yaml", text))
  return root === undefined ? undefined : pyValue(root)
}

/** Texts without quotes, and what PyYAML makes of them. */
const scalars: ReadonlyArray<readonly [string, unknown]> = [
  ["True", true],
  ["TRUE", true],
  ["tRUE", "tRUE"],
  ["yes", true],
  ["On", true],
  ["no", false],
  ["OFF", false],
  ["y", "y"],
  ["1e-4", "1e-4"],
  ["1.0e-4", 1e-4],
  ["1.e-4", 1e-4],
  ["1.0e4", "1.0e4"],
  ["-1.5", -1.5],
  [".5", 0.5],
  ["0.0001", 0.0001],
  ["1_000", 1000],
  ["010", 8],
  ["08", "08"],
  ["0o10", "0o10"],
  ["0x1F", 31],
  ["0b101", 5],
  ["-0x1F", -31],
  ["1:30", 90],
  ["1:30.5", 90.5],
  ["+12", 12],
  [".inf", Number.POSITIVE_INFINITY],
  ["-.INF", Number.NEGATIVE_INFINITY],
  ["None", "None"],
  ["resnet50", "resnet50"],
  ["efficientnet-b0", "efficientnet-b0"]
]

describe("PyYAML's reading", () => {
  it.each(scalars)("%s", (written, value) => {
    expect(pyScalar(written)).toBe(value)
    expect(read(`key: ${written}\n`)).toEqual({ key: value })
    expect(read(`key: '${written}'\n`)).toEqual({ key: written })
  })

  it.each(["", "~", "null", "Null", "NULL"])("leaves out a key without a value (%s)", (written) => {
    expect(read(`key: ${written}\nother: 1\n`)).toEqual({ other: 1 })
  })

  it("follows lists, mappings, anchors and merges", () => {
    expect(read("a: &a { x: 1e-4, y: [yes, 'yes'] }\nb: { <<: *a, z: 1e-4 }\n")).toEqual({
      a: { x: "1e-4", y: [true, "yes"] },
      b: { x: "1e-4", y: [true, "yes"], z: "1e-4" }
    })
  })

  peer("agrees with PyYAML itself", ["yaml"], async (python) => {
    const parts = ["1", "0", "-", ".", "e", "+", "_", "x", ":", "yes", "On", "inf", "8", "b1"]
    const drawn = parts.flatMap((a) => parts.flatMap((b) => parts.map((c) => a + b + c)))
    const texts = [...scalars.map(([text]) => text), ...drawn].filter(
      (text) => !/^-$|^[-:?]\s|:$|^-:|^\?|^:/.test(text)
    )
    const theirs = (await python("pyyaml_scalars", JSON.stringify(texts))) as ReadonlyArray<string>
    const said = (value: unknown) => (typeof value === "number" ? `number ${value}` : `${typeof value} ${value}`)
    texts.forEach((text, i) => {
      if (theirs[i] !== "refused") expect([text, said(pyScalar(text))]).toEqual([text, theirs[i]])
    })
  })
})
