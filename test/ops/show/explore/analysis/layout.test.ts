import { describe, expect, it } from "vitest"
import { beginning, ended, placesBetween } from "../../../../../src/ops/show/explore/analysis/layout.ts"
import type { Labelled } from "../../../../../src/ops/show/explore/analysis/queries.ts"
import { random } from "../../../../../src/pipeline/random.ts"

const layoutOf = (all: Labelled, seed: number, withUmap: boolean) => {
  const begun = beginning(all, seed, withUmap)
  return ended(begun, placesBetween(begun, 0, begun.fitted.length === 0 ? 0 : all.count))
}

/** Two groups along one axis, with little noise along the others. */
const groups = (count: number, dim: number): Labelled => {
  const draw = random(9, 0, 0, "groups")
  const rows = Float32Array.from({ length: count * dim }, (_, i) =>
    i % dim === 2 ? (Math.floor(i / dim) % 2 === 0 ? 1 : -1) : draw.normal() / 20
  )
  return { count, dim, rows, classes: 0, labels: new Uint8Array(0), split: new Int8Array(count) }
}

/** Whether the two groups lie on different sides of the middle of an axis. */
const apart = (places: Uint16Array, axis: 0 | 1) => {
  const sides = [...Array(places.length / 2).keys()].map((i) => Math.sign(places[2 * i + axis] - 32767.5))
  return sides.every((side, i) => side === sides[i % 2]) && sides[0] === -sides[1]
}

describe("maps", () => {
  it.each([8, 700])("PCA of %i dimensions parts two groups along its first axis", (dim) => {
    const { explained, pca, umap } = layoutOf(groups(60, dim), 1, false)
    expect(apart(pca, 0)).toBe(true)
    expect(explained).toBeGreaterThan(dim === 8 ? 0.9 : 0.3)
    expect(umap).toBeUndefined()
  })

  it("UMAP with one seed gives one map, which keeps groups apart", () => {
    const all = groups(80, 6)
    const [one, again] = [layoutOf(all, 4, true), layoutOf(all, 4, true)]
    expect(one.umap).toEqual(again.umap)
    expect(one.fitted).toBe(80)
    const places = one.umap as Uint16Array
    const at = (i: number) => [places[2 * i], places[2 * i + 1]] as const
    const gap = (a: number, b: number) => Math.hypot(at(a)[0] - at(b)[0], at(a)[1] - at(b)[1])
    const within = [...Array(39).keys()].map((i) =>
      Math.min(...[...Array(40).keys()].filter((j) => j !== i).map((j) => gap(2 * i, 2 * j)))
    )
    const between = Math.min(...[...Array(40).keys()].map((i) => gap(2 * i, 1)))
    expect(between).toBeGreaterThan(Math.max(...within))
  })

  it("one image, or equal ones, lie in the middle", () => {
    const all = { ...groups(2, 3), rows: Float32Array.of(1, 0, 0, 1, 0, 0) }
    expect([...layoutOf(all, 1, true).pca]).toEqual([32768, 32768, 32768, 32768])
  })
})
