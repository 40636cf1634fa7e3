import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MeasureError } from "../../../src/ops/measure/measure-error.ts"
import { pairedDifferences } from "../../../src/ops/measure/paired.ts"
import { inOrderOf, parsePerQuery } from "../../../src/ops/measure/per-query.ts"
import { random } from "../../../src/pipeline/random.ts"

const values = (length: number) =>
  fc.array(
    fc.oneof(
      fc.constant(Number.NaN),
      fc.integer({ min: 0, max: 100 }).map((n) => n / 100)
    ),
    {
      minLength: length,
      maxLength: length
    }
  )
const pairs = fc.integer({ min: 1, max: 12 }).chain((n) => fc.tuple(values(n), values(n)))
const of = ([first, second]: readonly [ReadonlyArray<number>, ReadonlyArray<number>]) => ({
  first: Float64Array.from(first),
  second: Float64Array.from(second)
})

/** A second time: differences of the drawn queries that count in both, one resample after the other. */
const naive = (
  [first, second]: readonly [ReadonlyArray<number>, ReadonlyArray<number>],
  seed: number,
  resamples: number
) =>
  Array.from({ length: resamples }, (_, draw) => {
    const { int } = random(seed, 0, draw, "bootstrap")
    const drawn = first.map(() => int(first.length))
    const both = drawn.map((at) => second[at] - first[at]).filter((value) => !Number.isNaN(value))
    return both.length === 0 ? Number.NaN : both.reduce((a, b) => a + b, 0) / both.length
  })

describe("the paired bootstrap", () => {
  it("is what a naive second implementation has", () =>
    fc.assert(
      fc.property(pairs, fc.integer({ min: 0, max: 1000 }), (pair, seed) => {
        const [found] = pairedDifferences([of(pair)], seed, 40)
        const means = naive(pair, seed, 40)
          .filter((value) => !Number.isNaN(value))
          .sort((a, b) => a - b)
        const both = pair[0].map((value, i) => pair[1][i] - value).filter((value) => !Number.isNaN(value))
        if (both.length === 0) {
          expect(found).toBeUndefined()
          return
        }
        expect(found?.queries).toBe(both.length)
        expect(found?.mean).toBeCloseTo(both.reduce((a, b) => a + b, 0) / both.length, 12)
        const at = (share: number) => {
          const place = share * (means.length - 1)
          const low = means[Math.floor(place)]
          return low + (place - Math.floor(place)) * (means[Math.ceil(place)] - low)
        }
        expect(found?.low).toBeCloseTo(at(0.025), 12)
        expect(found?.high).toBeCloseTo(at(0.975), 12)
        const sides = [(d: number) => d <= 0, (d: number) => d >= 0].map(
          (side) => (means.filter(side).length + 1) / (means.length + 1)
        )
        expect(found?.p).toBeCloseTo(Math.min(1, 2 * Math.min(...sides)), 12)
      })
    ))

  it("finds nothing between equal runs, and turns its sign when they change places", () =>
    fc.assert(
      fc.property(pairs, (pair) => {
        const [same] = pairedDifferences([of([pair[0], pair[0]])], 3, 30)
        if (same !== undefined) expect([same.mean, same.low, same.high, same.p]).toEqual([0, 0, 0, 1])
        const [there] = pairedDifferences([of(pair)], 3, 30)
        const [back] = pairedDifferences([of([pair[1], pair[0]])], 3, 30)
        if (there === undefined || back === undefined) {
          expect(there).toBe(back)
          return
        }
        expect(back.mean).toBeCloseTo(-there.mean, 12)
        expect(back.low).toBeCloseTo(-there.high, 12)
        expect(back.p).toBeCloseTo(there.p, 12)
      })
    ))

  it("sees a small difference that all queries have, however much they differ among themselves", () => {
    const first = Float64Array.from({ length: 50 }, (_, i) => (i * 37) % 50)
    const second = first.map((value, i) => value + 0.1 + (i % 2) * 0.01)
    const [found] = pairedDifferences([{ first, second }], 1, 200)
    expect(found?.low).toBeGreaterThan(0.09)
    // As little as so many resamples can show.
    expect(found?.p).toBeCloseTo(2 / 201, 12)
  })
})

describe("tables of figures by query", () => {
  const table = (text: string, path = "a.csv") => parsePerQuery(path, text)

  it("are read with empty fields as undefined, and brought into one order", () => {
    const a = table('query,counted,mAP hard,ACG@20,thresholds\n"p,1",1,0.5,2,6 4 2\np2,0, ,1,6 4 2\n')
    expect([a.queries, [...a.columns.keys()]]).toEqual([
      ["p,1", "p2"],
      ["mAP hard", "ACG@20"]
    ])
    expect([...(a.columns.get("mAP hard") ?? [])]).toEqual([0.5, Number.NaN])
    const b = inOrderOf(a, table('query,counted,ACG@20,thresholds\np2,0,7,6 4 2\n"p,1",1,8,6 4 2\n', "b.csv"))
    expect([...(b.columns.get("ACG@20") ?? [])]).toEqual([8, 7])
  })

  it.each([
    [
      "name,a,b\n",
      "a.csv: does not begin with `query,counted,...`. Use a table that `measure: { per_query: NAME }` wrote."
    ],
    ["", "does not begin with"],
    ["name,counted,x\n", "does not begin with"],
    ["query,name,x\n", "does not begin with"],
    ["query,counted\n", "does not begin with"],
    ["query,counted,mAP,thresholds\np,1,high,t\n", 'has "high" as mAP of p, which is not a number'],
    ["query,counted,mAP\np,1\n", "is not a table"],
    ["query,counted,mAP\np,1,1\n", "has no column `thresholds`, or several different values in it"],
    [
      "query,counted,mAP,thresholds\np,1,1,a\nq,1,1,b\n",
      "has no column `thresholds`, or several different values in it"
    ],
    ["query,counted,mAP,thresholds\n", "has no query"],
    [
      "query,counted,mAP,thresholds\np,1,1,t\np,1,1,t\n",
      "names p twice; images with the same name cannot be distinguished"
    ]
  ])("%j is refused", (text, message) => {
    expect(() => table(text)).toThrow(MeasureError)
    expect(() => table(text)).toThrow(message)
  })

  it("may begin with a byte order mark, and have blank lines", () => {
    expect(table("\ufeffquery,counted,x,thresholds\n\np1,1,1,t\n\n").queries).toEqual(["p1"])
  })

  it("name the first three of the queries that another lacks", () => {
    const rows = (...names: ReadonlyArray<string>) =>
      `query,counted,x,thresholds\n${names.map((name) => `${name},1,1,t\n`).join("")}`
    const none = (...names: ReadonlyArray<string>) => inOrderOf(table(rows(...names)), table(rows("z"), "b.csv"))
    expect(() => none("a", "b", "c")).toThrow("it has no a, b, c. Compare")
    expect(() => none("a", "b", "c", "d", "e")).toThrow("it has no a, b, c and 2 more. Compare")
  })

  it("of other queries are refused by name", () => {
    const of = (rows: string) => table(`query,counted,x,thresholds\n${rows}`, "b.csv")
    const a = { ...of("p1,1,1,t\np2,1,1,t\n"), path: "a.csv" }
    expect(() => inOrderOf(a, of("p1,1,1,t\np3,1,1,t\n"))).toThrow(
      "b.csv: has other queries than a.csv: it has no p2. Compare evaluations of the same images"
    )
    expect(() => inOrderOf(a, of("p1,1,1,t\np2,1,1,t\np3,1,1,t\n"))).toThrow("has 3 queries, not 2")
    expect(() => inOrderOf(a, of("p1,1,1,u\np2,1,1,u\n"))).toThrow(
      "b.csv: has other thresholds than a.csv: u, not t. Measure all evaluations with the same thresholds."
    )
  })
})
