import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  encodeLabels,
  NOMENCLATURE_NAMES,
  nomenclatureOf,
  OWN,
  ownNomenclature,
  translateLabels
} from "../../../../src/ops/data/archives/nomenclatures.ts"
import { namesOf } from "../../../../src/ops/data/archives/shared/class-list.ts"
import { DataError } from "../../../../src/ops/formats/data-error.ts"
import { reference } from "../../../reference.ts"

const { names19, names43, ucm17, whdld6 } =
  reference<Readonly<Record<"names19" | "names43" | "ucm17" | "whdld6", ReadonlyArray<string>>>>("labels.json")
const known = NOMENCLATURE_NAMES.filter((name) => name !== OWN)
const set = (vector: Uint8Array) => [...vector.keys()].filter((i) => vector[i] === 1)

describe("nomenclatures", () => {
  it("have the original's order, in any spelling", () => {
    for (const name of ["UCM", "AID", "DLRSD"] as const) {
      const nomenclature = nomenclatureOf(name)
      expect(nomenclature.classes).toHaveLength(ucm17.length)
      expect(ucm17.map((label) => set(encodeLabels([label], nomenclature, "x")))).toEqual(ucm17.map((_, i) => [i]))
    }
    expect(nomenclatureOf("WHDLD").classes).toEqual(whdld6)
  })

  it("have as many classes as published, each once", () => {
    const counts = Object.fromEntries(known.map((name) => [name, nomenclatureOf(name).classes.length]))
    expect(counts).toEqual({
      "19": names19.length,
      new_classes: names19.length,
      "43": names43.length,
      old_classes: names43.length,
      UCM: ucm17.length,
      AID: ucm17.length,
      WHDLD: whdld6.length,
      DLRSD: ucm17.length,
      DFC15: 8,
      MLRSNet: 60,
      EuroSAT: 10
    })
    for (const name of known) {
      const { classes } = nomenclatureOf(name)
      expect(new Set(classes).size).toBe(classes.length)
    }
  })

  it("encode what they name, whatever case, blanks and hyphens", () => {
    const spelling = fc.constantFrom(
      (name: string) => name,
      (name: string) => name.toUpperCase(),
      (name: string) => name.replaceAll(/[ -]/g, "_"),
      (name: string) => ` ${name.replaceAll("-", " ")}`
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...known.filter((name) => !/4|old/.test(name))),
        fc.infiniteStream(fc.boolean()),
        spelling,
        (name, draw, spell) => {
          const nomenclature = nomenclatureOf(name)
          const labels = nomenclature.classes.filter(() => draw.next().value)
          const vector = encodeLabels(labels.map(spell), nomenclature, "x")
          expect(namesOf(vector, nomenclature.classes)).toEqual(labels)
        }
      )
    )
  })

  it("know other names in circulation, and name the nearest class of an unknown one", () => {
    expect(
      namesOf(encodeLabels(["tank", "Mobile Homes"], nomenclatureOf("UCM"), "x"), nomenclatureOf("UCM").classes)
    ).toEqual(["mobile-home", "tanks"])
    expect(() => encodeLabels(["pavemant"], nomenclatureOf("AID"), "image 3")).toThrow(
      'image 3: has the unknown label "pavemant"; did you mean `pavement`?'
    )
    expect(() => encodeLabels(["x"], ownNomenclature(["a"]), "image 3")).toThrow(DataError)
  })

  it("do not guess between classes that differ in spelling only", () => {
    const nomenclature = ownNomenclature(["a-b", "A b"])
    expect(set(encodeLabels(["a-b"], nomenclature, "x"))).toEqual([0])
    expect(() => encodeLabels(["ab"], nomenclature, "x")).toThrow(DataError)
  })

  it("are told under another where that can be", () => {
    const told = translateLabels(["Airports", "Vineyards"], nomenclatureOf("43"), nomenclatureOf("19"), "x")
    expect(namesOf(told, nomenclatureOf("19").classes)).toEqual(["Permanent crops"])
    expect(set(translateLabels(["court"], nomenclatureOf("UCM"), nomenclatureOf("AID"), "x"))).toEqual([5])
    expect(() => translateLabels(["court"], nomenclatureOf("UCM"), nomenclatureOf("19"), "x")).toThrow(
      "x: has labels of UCM, which cannot be converted to 19"
    )
  })
})
