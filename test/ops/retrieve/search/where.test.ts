/** Filters by facts: values, lists, bounds and places, and embeddings that take facts from a table. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Result, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Embeddings } from "../../../../src/ops/elements.ts"
import { embeddings } from "../../../../src/ops/retrieve/embeddings/embeddings.ts"
import { withFacts } from "../../../../src/ops/retrieve/embeddings/labels/facts-table.ts"
import { allowedImages } from "../../../../src/ops/retrieve/search/filter.ts"
import { byName, rankingOf, searchOne } from "../../../../src/ops/retrieve/search/find.ts"
import { matchesOf } from "../../../../src/ops/retrieve/search/matches.ts"
import { conditionsOn, distance, Near, Where } from "../../../../src/ops/retrieve/search/where.ts"
import { Run } from "../../../../src/ops/run.ts"
import { check } from "../../../../src/pipeline/check.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"
import { npyBytes } from "../embeddings/npy.ts"

const FACTS: ReadonlyArray<Readonly<Record<string, string>>> = [
  { date: "2017-06-13", country: "Finland", cloud: "3", latitude: "60.2", longitude: "24.9" },
  { date: "2017-08-31", country: "Portugal", cloud: "12", latitude: "38.7", longitude: "-9.1" },
  { date: "2018-02-01", country: "Finland", cloud: "40", latitude: "65", longitude: "25.5" },
  { country: "Austria", cloud: "" }
]
const batch = (from: number, to: number): Embeddings => ({
  kind: "embeddings",
  ...{ size: to - from, dim: 2, classes: ["a"], facts: FACTS.slice(from, to) },
  names: ["w", "x", "y", "z"].slice(from, to),
  vectors: Float32Array.of(1, 0, 0.9, 0.1, 0.5, 0.5, 0, 1).subarray(2 * from, 2 * to),
  labels: Uint8Array.of(1, 0, 1, 1).subarray(from, to)
})
const batches = [batch(0, 3), batch(3, 4)]

const allowed = (where: Where | undefined, near?: Near) => [...(allowedImages(batches, { where, near }) ?? [])].join("")
const message = (run: () => unknown) => {
  try {
    run()
    return ""
  } catch (fault) {
    return (fault as Error).message
  }
}

describe("filters by facts", () => {
  it.each<readonly [Where, string]>([
    [{ country: "Finland" }, "1010"],
    [{ country: ["Finland", "Austria"] }, "1011"],
    [{ cloud: 12 }, "0100"],
    [{ cloud: { to: 12 } }, "1100"],
    [{ cloud: { from: 3.5, to: 100 } }, "0110"],
    [{ date: { from: "2017-06-13", to: "2017-08-31" } }, "1100"],
    // All days of the month, and of the year.
    [{ date: { to: "2017-06" } }, "1000"],
    [{ date: { from: 2018 } }, "0010"],
    [{ date: { from: 2017, to: 2017 } }, "1100"],
    [{ country: "Finland", cloud: { from: 10 } }, "0010"]
  ])("%j allows %s", (where, images) => {
    expect(allowed(where)).toBe(images)
  })

  it("compare dates as dates, whatever their form", () => {
    const forms = [
      "2017-06-13",
      "2017/06/13",
      "20170613",
      "2017-06-13T10:10:31Z",
      "20170613T101031",
      "2017-06-13 10:10"
    ]
    const meets = (fact: string, wanted: Where[string], column = "taken") =>
      conditionsOn([{ ...batch(0, 1), facts: [{ [column]: fact }] }], { [column]: wanted }, undefined)[0]({
        [column]: fact
      })
    for (const fact of forms) {
      for (const day of ["2017-06-13", "2017/06/13", "20170613", 20_170_613]) {
        expect([fact, day, meets(fact, day), meets(fact, [day])]).toEqual([fact, day, true, true])
        expect([fact, day, meets(fact, { from: day, to: day })]).toEqual([fact, day, true])
      }
      for (const other of ["2017-06-12", "20170614", 20_170_614]) expect(meets(fact, other)).toBe(false)
      expect(meets(fact, { from: "2017-06-14" })).toBe(false)
      expect(meets(fact, { to: 20_170_612 })).toBe(false)
      expect(meets(fact, { from: "2017-06", to: "2017-06" })).toBe(true)
      expect(meets(fact, 2017, "date")).toBe(true)
      expect(meets(fact, { from: 2017, to: 2017 }, "date")).toBe(true)
      expect(meets(fact, { from: 2018 }, "date")).toBe(false)
    }
    // Numbers of eight digits that are no days, and years beside other numbers, stay numbers.
    expect(meets("20171399", { from: 20_170_613 })).toBe(true)
    expect(meets("20170613", { to: 2018 }, "people")).toBe(false)
    expect(meets("20170613", { from: 2018 }, "people")).toBe(true)
  })

  it("know how far apart places are", () => {
    // Helsinki and Tallinn are 80 km apart.
    expect(allowed(undefined, { latitude: 59.44, longitude: 24.75, km: 90 })).toBe("1000")
    expect(allowed(undefined, { latitude: 59.44, longitude: 24.75, km: 700 })).toBe("1010")
    expect(allowed({ cloud: { from: 10 } }, { latitude: 59.44, longitude: 24.75, km: 700 })).toBe("0010")
    const place = fc.record({
      latitude: fc.double({ min: -90, max: 90, noNaN: true }),
      longitude: fc.double({ min: -180, max: 180, noNaN: true })
    })
    fc.assert(
      fc.property(place, place, (a, b) => {
        const vector = ({ latitude, longitude }: typeof a) => {
          const [phi, lambda] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180]
          return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)]
        }
        const [u, v] = [vector(a), vector(b)]
        const chord = Math.hypot(...u.map((value, i) => value - v[i]))
        expect(distance(a, b)).toBeCloseTo(2 * 6371.0088 * Math.asin(Math.min(1, chord / 2)), 2)
        expect(distance(b, a)).toBe(distance(a, b))
      })
    )
  })

  it("find places across the date line, and around a pole", () => {
    const at = (latitude: string, longitude: string) => ({ ...batch(0, 1), facts: [{ latitude, longitude }] })
    const near = (image: Embeddings, latitude: number, longitude: number, km: number) =>
      conditionsOn([image], undefined, { latitude, longitude, km })[0](image.facts?.[0] ?? {})
    // A degree is 111.2 km.
    for (const longitude of ["-179.5", "180.5"]) {
      expect(near(at("0", longitude), 0, 179.5, 112)).toBe(true)
      expect(near(at("0", longitude), 0, 179.5, 111)).toBe(false)
    }
    expect(near(at("89.5", "0"), 89.5, 180, 112)).toBe(true)
    expect(near(at("89.5", "0"), 89.5, 180, 111)).toBe(false)
  })

  it("refuse coordinates that are not in degrees", () => {
    for (const bad of [
      { latitude: 91, longitude: 0, km: 1 },
      { latitude: 0, longitude: -181, km: 1 },
      { latitude: 0, longitude: 0, km: 0 }
    ]) {
      expect(Result.isFailure(check(Near, bad)), JSON.stringify(bad)).toBe(true)
    }
    const of = (facts: Readonly<Record<string, string>>) => () =>
      conditionsOn([{ ...batch(0, 1), facts: [facts] }], undefined, { latitude: 0, longitude: 0, km: 1 })
    expect(message(of({ latitude: "6675000", longitude: "24" }))).toBe(
      "w: its latitude is 6675000, but `near` needs a number from -90 to 90 degrees. Correct the column `latitude` of the table of facts."
    )
    expect(message(of({ latitude: "60", longitude: "24,9" }))).toMatch(/^w: its longitude is 24,9, but/)
  })

  it("say what is not known", () => {
    expect(message(() => allowed({ contry: "Finland" }))).toBe(
      "where: contry: no image has such a fact; did you mean `country`? Name one of date, country, cloud, latitude, longitude."
    )
    const { facts: _, ...bare } = batch(0, 3)
    expect(message(() => conditionsOn([bare], { date: "x" }, undefined))).toMatch(
      /^where: date: nothing but labels is known of the images\. Give a table of facts/
    )
    expect(
      message(() =>
        conditionsOn([{ ...bare, facts: [{ date: "x" }] }], undefined, { latitude: 0, longitude: 0, km: 1 })
      )
    ).toMatch(/^near: latitude: no image has such a fact/)
    expect(message(() => allowed({ country: "Norway" }))).toMatch(/^search: none of 4 images meets the conditions/)
    for (const bad of [{ date: {} }, { date: [] }, { date: { since: 3 } }, { date: true }, []]) {
      expect(Result.isFailure(check(Where, bad)), JSON.stringify(bad)).toBe(true)
    }
  })

  it("come before ranking, and results carry their facts", () => {
    const what = {
      ...byName(batches, "w", "cosine"),
      allowed: allowedImages(batches, { where: { country: "Finland" } })
    }
    const { results } = matchesOf(searchOne(what, 0, 3), what)
    expect(results).toMatchObject([{ name: "y", facts: { country: "Finland", date: "2018-02-01" } }])
    const all = matchesOf(rankingOf(what, 0, { rows: Int32Array.of(3), scores: Float64Array.of(1) }), what)
    expect(all.results[0]).toMatchObject({ name: "z", facts: { country: "Austria" } })
  })
})

describe("embeddings", () => {
  effect("takes facts from a table, by name", () =>
    Effect.gen(function* () {
      const { folder, run } = yield* fakeRun
      const path = (name: string, text: string | Uint8Array) => {
        writeFileSync(join(folder, name), text)
        return join(folder, name)
      }
      const from = path("e.npy", npyBytes(Float32Array.of(1, 2, 3, 4, 5, 6), 3, 2))
      const labels = path("l.csv", "name,sea\na.tif,1\nb.tif,0\nc.tif,1\n")
      const read = (table: string) =>
        Stream.runCollect(
          embeddings.run({ from, labels, facts: path("facts.csv", table) } as never, { expect: () => {} })(
            Stream.empty
          ) as Stream.Stream<Embeddings, Error, Run>
        ).pipe(Effect.provideService(Run, run))
      const [{ facts }] = yield* read("name,latitude,date\nb,47.5,2017-06-13\na,,2018-01-01\n")
      expect(facts).toEqual([{ date: "2018-01-01" }, { latitude: "47.5", date: "2017-06-13" }, {}])
      const failure = (table: string) => Effect.map(Effect.flip(read(table)), (fault) => fault.message)
      expect(yield* failure("name,date\nq,1\n")).toMatch(
        /facts\.csv: has a row for none of 3 images, such as a\.tif\. Use the names/
      )
      // The table may lack all images of the first batch.
      const named = (rows: { readonly names?: ReadonlyArray<string> | undefined }) => ({
        names: rows.names ?? [],
        labels: new Uint8Array(0)
      })
      const last = withFacts({ classes: [], files: [], of: named }, path("last.csv", "name,date\nd,2018\n"), 4)
      const factsOf = (from: number) =>
        last.of({ vectors: new Float32Array(0), names: ["a", "b", "c", "d"].slice(from, from + 2) }, from, from + 2)
          .facts
      expect([factsOf(0), factsOf(2)]).toEqual([
        [{}, {}],
        [{}, { date: "2018" }]
      ])
      expect(yield* failure("name,date\na,1\na,2\n")).toMatch(/names an image twice/)
      expect(yield* failure("name,date\na\n")).toMatch(/row 1 has 1 fields, but the header has 2/)
      expect(yield* failure("name\na\n")).toMatch(/has no column besides the names/)
    })
  )
})
