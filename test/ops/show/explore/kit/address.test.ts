import fc from "fast-check"
import { expect, it } from "vitest"
import { addressOf, EMPTY, type View, viewOf } from "../../../../../src/ops/show/explore/kit/address.ts"

const name = fc.string({ minLength: 1, unit: "binary" }).filter((text) => {
  try {
    return encodeURIComponent(text) !== ""
  } catch {
    return false
  }
})
const view: fc.Arbitrary<View> = fc.record({
  like: fc.uniqueArray(name),
  unlike: fc.uniqueArray(name),
  labels: fc.array(name),
  text: fc.oneof(fc.constant(""), name),
  near: fc.constantFrom(undefined, [-12.5, 170.25, 30] as const),
  ap: fc.constantFrom(undefined, [0, 0.1] as const, [0.9, 1] as const),
  only: fc.array(name),
  view: fc.constantFrom("images", "understand", "about")
})

it("an address leads back to its view, whatever the names", () => {
  fc.assert(
    fc.property(view, (one) => {
      expect(viewOf(`#${addressOf(one)}`)).toEqual(one)
    })
  )
})

it("reads addresses written by hand, and ignores what it does not know", () => {
  expect(viewOf("#like=A,B&unlike=C")).toEqual({ ...EMPTY, like: ["A", "B"], unlike: ["C"] })
  expect(viewOf("#like=A,A&zoom=3&near=91,0&ap=0.4,0.3&view=mars&text=%E0%A4%A")).toEqual({
    ...EMPTY,
    like: ["A"],
    text: "%E0%A4%A"
  })
  expect(viewOf("")).toEqual(EMPTY)
})
