import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { likelyNames } from "../../../../src/ops/retrieve/search/likely-names.ts"

const names = fc.array(fc.stringMatching(/^[a-z]{3,8}_[0-9]{1,3}$/), { minLength: 1, maxLength: 30 })

describe("likely names", () => {
  it("are at most three of the names, in their order", () => {
    fc.assert(
      fc.property(names, fc.string(), (all, name) => {
        const found = likelyNames(name, all)
        expect(found.length).toBeLessThanOrEqual(3)
        const places = found.map((one) => all.indexOf(one))
        expect(places.every((place, i) => place >= 0 && (i === 0 || place >= places[i - 1]))).toBe(true)
      })
    )
  })

  it("are the name itself, whatever its case, folder and extension", () => {
    fc.assert(
      fc.property(names, fc.nat(), (all, which) => {
        const one = all[which % all.length]
        expect(likelyNames(`folder/${one.toUpperCase()}.tif`, all)).toContain(one)
      })
    )
  })

  it("are none if nothing is alike", () => {
    expect(likelyNames("", ["a"])).toEqual([])
    expect(likelyNames("zzzz", ["abcd_1", "bcde_2"])).toEqual([])
  })
})
