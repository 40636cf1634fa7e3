import { describe, expect, it } from "vitest"
import {
  CLASSES_19,
  CLASSES_43,
  encode19,
  encode43,
  INDEX_19_OF_43
} from "../../../../../src/ops/data/archives/bigearthnet/corine-labels.ts"
import { namesOf } from "../../../../../src/ops/data/archives/shared/class-list.ts"
import { DataError } from "../../../../../src/ops/formats/data-error.ts"
import { reference } from "../../../../reference.ts"

interface Case {
  readonly labels: ReadonlyArray<string>
  readonly old: ReadonlyArray<number> | string
  readonly new: ReadonlyArray<number>
}
const file = reference<{
  readonly names43: ReadonlyArray<string>
  readonly names19: ReadonlyArray<string>
  readonly group: Readonly<Record<string, string>>
  readonly removed: ReadonlyArray<string>
  readonly new_index_of_each_old_index: ReadonlyArray<number | null>
  readonly cases: ReadonlyArray<Case>
  readonly edge_cases: ReadonlyArray<Case>
}>("labels.json")

const set = (vector: Uint8Array) => [...vector.keys()].filter((i) => vector[i] === 1)

describe("labels", () => {
  it("have the nomenclatures of the original, in its order", () => {
    expect(CLASSES_43.length).toBe(file.names43.length)
    expect(CLASSES_19.length).toBe(file.names19.length)
    expect(file.names43.map((name) => set(encode43([name], "x")))).toEqual(file.names43.map((_, i) => [i]))
    expect(file.names19.map((name) => set(encode19([name])))).toEqual(file.names19.map((_, i) => [i]))
    expect(INDEX_19_OF_43).toEqual(file.new_index_of_each_old_index)
    for (const [name, group] of Object.entries(file.group)) {
      expect([name, set(encode19([name]))]).toEqual([name, [file.names19.indexOf(group)]])
    }
    for (const name of file.removed) expect(set(encode19([name]))).toEqual([])
  })

  it.each(file.cases.map((one, i) => [i, one] as const))("encode as the original: case %i", (_, one) => {
    expect(set(encode43(one.labels, "x"))).toEqual(one.old)
    expect(set(encode19(one.labels))).toEqual(one.new)
  })

  it.each(file.edge_cases.map((one) => [one.labels.join("; "), one] as const))("refuse under 43: %s", (_, one) => {
    expect(() => encode43(one.labels, "patch 7")).toThrow(DataError)
    expect(set(encode19(one.labels))).toEqual(one.new)
  })

  it("know both spellings of the transitional class", () => {
    for (const name of ["Transitional woodland/shrub", "Transitional woodland, shrub"]) {
      expect(namesOf(encode43([name], "x"), CLASSES_43)).toEqual(["Transitional woodland/shrub"])
      expect(namesOf(encode19([name]), CLASSES_19)).toEqual(["Transitional woodland, shrub"])
    }
  })

  it("name the nearest class where one is unknown", () => {
    expect(() => encode43(["Pasture"], "patch 7")).toThrow(
      'patch 7: has the unknown label "Pasture"; did you mean `Pastures`?'
    )
    expect(() => encode43(["constructor"], "patch 7")).toThrow(DataError)
  })
})
