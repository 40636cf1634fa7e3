/** Nearest images by groups, and what they say, compared with plain loops. */
import { describe, expect, it } from "vitest"
import { normaliseRows } from "../../../../../src/ops/retrieve/unit-length.ts"
import {
  assign,
  centresOf,
  membersOf,
  type Neighbours,
  nearestOf,
  neighboursFor,
  searchGroups
} from "../../../../../src/ops/show/explore/analysis/neighbours.ts"
import type { Labelled } from "../../../../../src/ops/show/explore/analysis/queries.ts"
import { relationsOf } from "../../../../../src/ops/show/explore/analysis/relations.ts"
import { random } from "../../../../../src/pipeline/random.ts"
import { dot, drawn, ranked } from "./drawn.ts"

/** Compares in tasks of `step` images, as several threads do. */
const compared = (all: Labelled, most?: number, step = all.count): Neighbours => {
  const found = neighboursFor(all.count, most)
  const centres = centresOf(all, found.groups, 7)
  for (let from = 0; from < all.count; from += step) assign(all, found, centres, from, Math.min(all.count, from + step))
  const members = membersOf(found)
  for (let group = 0; group < found.groups; group++) searchGroups(all, found, members, centres, group, group + 1)
  return found
}
const relations = (all: Labelled) => relationsOf(all, compared(all), new Int32Array(0), new Int32Array(0))

/** Images around `centres` drawn directions. */
const clustered = (count: number, dim: number, centres: number): Labelled => {
  const draw = random(3, 0, 0, "clusters")
  const middle = Float32Array.from({ length: centres * dim }, () => draw.normal())
  const rows = Float32Array.from(
    { length: count * dim },
    (_, i) => middle[(Math.floor(i / dim) % centres) * dim + (i % dim)] + draw.normal() / 2
  )
  normaliseRows(rows, dim)
  return { count, dim, rows, classes: 0, labels: new Uint8Array(0), split: new Int8Array(count).fill(-1) }
}

describe("nearest images", () => {
  it("of a small archive are those of plain loops", () => {
    const all = drawn(60, 1, 8)
    const found = compared(all)
    expect(found.groups).toBe(1)
    for (let image = 0; image < 60; image++) {
      const nearest = nearestOf(found, image)
      expect(nearest.map(([one]) => one)).toEqual(ranked(all, image).slice(0, 10))
      for (const [one, cosine] of nearest) expect(cosine).toBeCloseTo(dot(all, image, one), 6)
    }
  })

  it("of a larger one are nearly all found among the nearest groups, in tasks of any size", () => {
    const all = clustered(600, 24, 60)
    const found = compared(all, 100)
    const queries = Int32Array.from({ length: 600 }, (_, i) => i)
    const exact = Int32Array.from([...queries].flatMap((image) => ranked(all, image).slice(0, 10)))
    expect(found.groups).toBe(72)
    let shared = 0
    for (const image of queries) {
      const here = new Set(nearestOf(found, image).map(([one]) => one))
      expect(here.has(image)).toBe(false)
      for (const one of exact.subarray(10 * image, 10 * image + 10)) if (here.has(one)) shared++
    }
    expect(shared / 6_000).toBeGreaterThan(0.9)
    expect(shared).toBeLessThan(6_000)
    const again = compared(all, 100, 77)
    expect([again.near, again.cosine]).toEqual([found.near, found.cosine])
    expect(relationsOf(all, found, queries, exact).recall).toBeCloseTo(shared / 6_000, 9)
  })

  it("include equal images, be their group divided or not", () => {
    const all = clustered(600, 16, 2)
    for (const [copy, of] of [
      [599, 0],
      [598, 51]
    ]) {
      all.rows.copyWithin(copy * 16, of * 16, (of + 1) * 16)
      for (const most of [20, 300]) {
        const [nearest] = nearestOf(compared(all, most), of)
        expect(nearest[0]).toBe(copy)
        expect(nearest[1]).toBeCloseTo(1, 5)
      }
    }
  })
})

describe("relations", () => {
  it("are the nearest pairs, and the nearest of two splits", () => {
    const all = drawn(30, 2, 5)
    const found = relations(all)
    const pairs = [...Array(30).keys()].flatMap((a) => [...Array(a).keys()].map((b) => [b, a, dot(all, a, b)] as const))
    const best = pairs.reduce((one, other) => (other[2] > one[2] ? other : one))
    expect(found.pairs[0].slice(0, 2)).toEqual(best.slice(0, 2))
    const apart = pairs.filter(([a, b]) => all.split[a] >= 0 && all.split[b] >= 0 && all.split[a] !== all.split[b])
    const nearest = apart.reduce((one, other) => (other[2] > one[2] ? other : one))
    expect(found.across[0].slice(0, 2)).toEqual(nearest.slice(0, 2))
    expect(found.across.every(([a, b]) => all.split[a] !== all.split[b])).toBe(true)
  })

  it("doubt a label that all neighbours contradict", () => {
    const all = drawn(24, 1, 3)
    // Two groups in opposite directions; the first image of each has the label of the other.
    for (let i = 0; i < 24; i++) {
      const row = Float32Array.of(i < 12 ? 1 : -1, i / 1000, 0, 0, 0)
      all.rows.set(
        row.map((value) => value / Math.hypot(...row)),
        i * 5
      )
      all.labels[i] = i < 12 ? 1 : 0
    }
    all.labels[0] = 0
    all.labels[12] = 1
    expect(relations(all).doubts).toEqual([
      { image: 0, label: 0, has: false, share: 1 },
      { image: 12, label: 0, has: true, share: 0 }
    ])
  })

  it("of one image are none", () => {
    const one = { ...drawn(1, 1, 2), split: Int8Array.of(0) }
    expect(relations(one)).toEqual({ pairs: [], across: [], doubts: [], recall: 1 })
  })
})
