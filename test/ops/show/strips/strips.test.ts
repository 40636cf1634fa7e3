import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Data, Effect, Stream } from "effect"
import fc from "fast-check"
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import type { Band, Gallery, Ranking } from "../../../../src/ops/elements.ts"
import { Run } from "../../../../src/ops/run.ts"
import { lacksData, pickRgb, type Rgb, stretchOf, trueColour } from "../../../../src/ops/show/pictures/true-colour.ts"
import { chooser, type Which } from "../../../../src/ops/show/strips/choose.ts"
import { makeStrips, type OpenBands } from "../../../../src/ops/show/strips/draw-strips.ts"
import { drawStrip, LAYOUT, leftOf, spread, stripContent } from "../../../../src/ops/show/strips/strip.ts"
import { readStrips } from "../../../../src/ops/show/strips/strips-file.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"

const band = (name: string, value: number | ((i: number) => number), size = 4): Band => ({
  name,
  dtype: "uint16",
  height: size,
  width: size,
  data: Uint16Array.from({ length: size * size }, (_, i) => (typeof value === "number" ? value : value(i)))
})
const flat = (red: number, green: number, blue: number): Rgb => [band("R", red), band("G", green), band("B", blue)]

/** Two queries, q0 with labels x y and q1 with y; three database images with x y, x and nothing. */
const gallery: Gallery = {
  names: ["q0", "q1", "xy", "x", "none"],
  classes: ["x", "y"],
  labels: Uint8Array.of(1, 1, 0, 1, 1, 1, 1, 0, 0, 0),
  queries: Int32Array.of(0, 1),
  database: Int32Array.of(2, 3, 4)
}
const whole: Ranking = {
  kind: "ranking",
  gallery,
  from: 0,
  to: 2,
  order: Int32Array.of(1, 0, 2, 0, 1, 2),
  scores: Float32Array.of(0.75, 0.5, 0.25, 0.5, 0.25, 0)
}
const half = (row: number): Ranking => ({
  ...whole,
  from: row,
  to: row + 1,
  order: whole.order.slice(3 * row, 3 * row + 3),
  scores: whole.scores.slice(3 * row, 3 * row + 3)
})

describe("what a strip shows", () => {
  it("is the query and its best results, with label similarity and score", () => {
    const expected = {
      row: 0,
      query: { name: "q0", labels: ["x", "y"] },
      results: [
        { name: "x", labels: ["x"], similarity: 0.5, score: 0.75 },
        { name: "xy", labels: ["x", "y"], similarity: 1, score: 0.5 }
      ]
    }
    expect(stripContent(whole, 0, 2)).toEqual(expected)
    expect(stripContent(half(0), 0, 2)).toEqual(expected)
    expect(stripContent(half(1), 1, 10).results.map(({ name }) => name)).toEqual(["xy", "x", "none"])
  })

  it("is about queries spread evenly, each once", () => {
    expect(spread(100, 4)).toEqual([0, 25, 50, 75])
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 50 }), (queries, wanted) => {
        const rows = spread(queries, wanted)
        expect(new Set(rows).size).toBe(Math.min(queries, wanted))
        for (const row of rows) expect(row).toBeLessThan(queries)
        const gaps = rows.slice(1).map((row, i) => row - rows[i])
        if (gaps.length > 0) expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1)
      })
    )
  })
})

describe("pictures", () => {
  it("are stretched from the 2nd to the 98th percentile of all patches together", () => {
    const ramp = band("R", (i) => i, 10)
    expect(stretchOf([ramp])).toEqual({ low: 1, high: 98 })
    expect(stretchOf([ramp, { ...ramp, data: ramp.data.map((v) => v + 100) as Uint16Array }])).toEqual({
      low: 3,
      high: 196
    })
  })

  it("go from black to white, are scaled to their size, and bear bands of one value", () => {
    const red = band("R", (i) => (i % 2 === 0 ? 0 : 100), 2)
    const { data } = trueColour(
      [red, band("G", 7, 1), band("B", 7, 1)],
      [stretchOf([red]), { low: 7, high: 7 }, { low: 0, high: 14 }],
      4
    )
    expect([...data.subarray(0, 12)]).toEqual([0, 0, 128, 0, 0, 128, 255, 0, 128, 255, 0, 128])
  })

  it("leave pixels without data out of the stretch and hatch them in grey, whichever channel lacks them", () => {
    const marked = (name: string, nodata: number | undefined, value: (i: number) => number): Band => ({
      ...band(name, 0, 10),
      dtype: "float32",
      nodata,
      data: Float32Array.from({ length: 100 }, (_, i) => value(i))
    })
    const declared = marked("R", -9999, (i) => (i < 50 ? -9999 : i))
    expect(stretchOf([declared])).toEqual(stretchOf([marked("R", undefined, (i) => 50 + (i % 50))]))
    expect(stretchOf([marked("R", undefined, (i) => (i < 50 ? Number.NaN : i))])).toEqual(stretchOf([declared]))
    const whole = marked("G", undefined, () => 7)
    const grey = ([r, g, b]: ReadonlyArray<number>) => r === g && g === b && (r === 140 || r === 200)
    for (const rgb of [
      [declared, whole, whole],
      [whole, whole, { ...declared, name: "B" }]
    ] as const) {
      const { data } = trueColour(
        rgb,
        rgb.map((one) => stretchOf([one])),
        10
      )
      const pixels = Array.from({ length: 100 }, (_, i) => [...data.subarray(3 * i, 3 * i + 3)])
      expect(pixels.slice(0, 50).every(grey)).toBe(true)
      expect(pixels.slice(50).some(grey)).toBe(false)
      expect(new Set(pixels.slice(0, 50).map(([r]) => r))).toEqual(new Set([140, 200]))
      expect(lacksData(rgb)).toBe(true)
    }
    expect(lacksData([whole, whole, whole])).toBe(false)
  })

  it("take a value of pixels without data for bands that declare none", () => {
    const bands = ["B04", "B03", "B02"].map((name) => band(name, (i) => (i === 0 ? 0 : 500)))
    const names = ["B04", "B03", "B02"]
    expect(lacksData(pickRgb("p", bands, names))).toBe(false)
    expect(lacksData(pickRgb("p", bands, names, 0))).toBe(true)
    // A value that a file declares counts before the given one.
    expect(
      lacksData(
        pickRgb(
          "p",
          bands.map((one) => ({ ...one, nodata: 7 })),
          names,
          0
        )
      )
    ).toBe(false)
  })

  it("need the bands that are asked for", () => {
    expect(() => pickRgb("patch-1", [band("B02", 1), band("B03", 1)], ["B04", "B03", "B02"])).toThrow(
      "patch-1: has no band B04 to draw; its bands are B02, B03. Name three bands of the store in `bands` of `strips`."
    )
  })
})

describe("a drawn strip", () => {
  const pictures = [flat(0, 0, 0), flat(1000, 0, 0), flat(0, 1000, 0)]
  const { data, height, width } = drawStrip(pictures, [0.25, 1])
  const pixel = (x: number, y: number) => [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)]
  const middle = LAYOUT.margin + LAYOUT.side / 2

  it("has the query in a frame, then results, each from its own pixels", () => {
    expect(pixel(leftOf(0) + 60, middle)).toEqual([0, 0, 0])
    expect(pixel(leftOf(0) - 1, middle)).toEqual([32, 36, 44])
    expect(pixel(leftOf(1) + 60, middle)).toEqual([255, 0, 0])
    expect(pixel(leftOf(2) + 60, middle)).toEqual([0, 255, 0])
    expect(pixel(leftOf(1) - 2, middle)).toEqual([255, 255, 255])
    expect(width).toBe(leftOf(2) + LAYOUT.side + LAYOUT.margin)
    expect(data.length).toBe(3 * width * height)
  })

  it("marks each result with a bar as long as its similarity, and none with the query", () => {
    const y = LAYOUT.margin + LAYOUT.side + LAYOUT.gap
    const filled = (i: number) =>
      Array.from({ length: LAYOUT.side }, (_, x) => pixel(leftOf(i) + x, y)).filter(([r]) => r === 0).length
    expect([filled(0), filled(1), filled(2)]).toEqual([0, LAYOUT.side / 4, LAYOUT.side])
  })
})

class Gone extends Data.TaggedError("Gone")<{ readonly patch: string }> {}

describe("strips", () => {
  const params = { queries: 8, digits: 5, which: "spread", top: 2, from: "patches.lmdb", bands: "rgb" } as never
  const rgb = ["B02", "B03", "B04", "B08"]
  const run = (open: OpenBands<Gone, never>, ...rankings: ReadonlyArray<Ranking>) =>
    makeStrips(open).run(params, { expect: () => {} })(
      Stream.fromIterable(rankings) as never
    ) as unknown as Stream.Stream<Ranking, Gone | Error, Run>

  effect("says so where no query has anything relevant, so that there is no best and no worst", () =>
    Effect.gen(function* () {
      const open: OpenBands<Gone, never> = () =>
        Effect.succeed(() => Effect.succeed(rgb.map((name, i) => band(name, i, 6))))
      const extremes = { ...(params as object), which: "extremes" } as never
      const drawn = function* (ranking: Ranking) {
        const fake = yield* fakeRun
        const stream = makeStrips(open).run(extremes, { expect: () => {} })(Stream.succeed(ranking) as never)
        yield* Stream.runDrain(stream as unknown as Stream.Stream<Ranking, Gone | Error, Run>).pipe(
          Effect.provideService(Run, fake.run)
        )
        return { strips: readStrips(fake.folder).length, said: fake.said }
      }
      const unlike = { ...gallery, labels: Uint8Array.of(1, 0, 1, 0, 0, 1, 0, 1, 0, 1) }
      expect(yield* drawn({ ...whole, gallery: unlike })).toEqual({
        strips: 0,
        said: ["strips: no query has a relevant image, so there is no best or worst to draw"]
      })
      expect((yield* drawn(whole)).said).toEqual([])
    })
  )

  effect("writes a picture per query and what they show, and hands rankings on", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const opened: Array<string> = []
      const open: OpenBands<Gone, never> = ({ path }) =>
        Effect.sync(() => {
          opened.push(path)
          return (patch) => Effect.succeed(rgb.map((name, i) => band(name, (p) => p * (i + patch.length), 6)))
        })
      const out = yield* Stream.runCollect(run(open, half(0), half(1))).pipe(Effect.provideService(Run, fake.run))
      expect(out).toEqual([half(0), half(1)])
      expect(opened).toEqual([join(fake.folder, "patches.lmdb")])
      const strips = readStrips(fake.folder)
      expect(strips.map(({ file }) => file)).toEqual(["00000_1.50.png", "00001_0.50.png"])
      expect(strips.map(({ ap: _, file: __, png: ___, ...content }) => content)).toEqual([
        stripContent(whole, 0, 2),
        stripContent(whole, 1, 2)
      ])
      const { channels, height, width } = yield* Effect.promise(() => sharp(strips[0].png).metadata())
      expect([channels, width]).toEqual([3, leftOf(2) + LAYOUT.side + LAYOUT.margin])
      expect(height).toBeGreaterThan(LAYOUT.side)
      const folder = join(fake.folder, "strips")
      expect(fake.wrote).toEqual([...strips.map(({ file }) => join(folder, file)), join(folder, "strips.json")])
      expect(JSON.parse(readFileSync(join(folder, "strips.json"), "utf8"))).toHaveLength(2)
    })
  )

  effect("fails as the store fails, and writes no index then", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const open: OpenBands<Gone, never> = () => Effect.succeed((patch) => Effect.fail(new Gone({ patch })))
      const error = yield* Effect.flip(Stream.runDrain(run(open, whole)).pipe(Effect.provideService(Run, fake.run)))
      expect(error).toEqual(new Gone({ patch: "q0" }))
      expect(existsSync(join(fake.folder, "strips", "strips.json"))).toBe(false)
    })
  )
})

describe("which queries", () => {
  const contents = (which: Which, queries: number, ...rankings: ReadonlyArray<Ranking>) => {
    const { pass, rest } = chooser(which, queries, 1)
    const passed = rankings.map((ranking) => Effect.runSync(pass(ranking)))
    return [...passed.flat(), ...Effect.runSync(rest)]
  }

  it("know their average precision at hard", () => {
    // q0 (x y) has its only relevant image at the second place: (0 + 1/2) / 2. q1 (y) has none.
    expect(contents("first", 2, whole).map(({ ap }) => ap)).toEqual([0.25, null])
  })

  it("are the worst and the best, whatever the blocks, those without a relevant image left out", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 2, maxLength: 12 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 5 }),
        (places, wanted, size) => {
          // Each query has label x, as one of six database images; its place in the ranking is drawn.
          const n = places.length
          const some: Gallery = {
            names: Array.from({ length: n + 6 }, (_, i) => `p${i}`),
            classes: ["x", "y"],
            labels: Uint8Array.from({ length: 2 * (n + 6) }, (_, i) => (i >> 1 <= n ? 1 - (i % 2) : i % 2)),
            queries: Int32Array.from({ length: n }, (_, i) => i),
            database: Int32Array.from({ length: 6 }, (_, i) => n + i)
          }
          const order = places.flatMap((place) => {
            const others = [1, 2, 3, 4, 5]
            return [...others.slice(0, place), 0, ...others.slice(place)]
          })
          const block = (from: number, to: number): Ranking => ({
            kind: "ranking",
            gallery: some,
            from,
            to,
            order: Int32Array.from(order.slice(6 * from, 6 * to)),
            scores: new Float32Array(6 * (to - from))
          })
          const blocks = Array.from({ length: Math.ceil(n / size) }, (_, b) =>
            block(b * size, Math.min(n, (b + 1) * size))
          )
          const found = contents("extremes", wanted, ...blocks)
          expect(found).toEqual(contents("extremes", wanted, block(0, n)))
          const bestFirst = [...places.keys()].sort((a, b) => places[a] - places[b] || a - b)
          const worstFirst = [...places.keys()].sort((a, b) => places[b] - places[a] || a - b)
          const few = Math.floor(wanted / 2)
          const expected = new Set([...worstFirst.slice(0, few), ...bestFirst.slice(0, wanted - few)])
          expect(new Set(found.map(({ row }) => row))).toEqual(expected)
          const precisions = found.map(({ ap }) => ap ?? -1)
          expect(precisions).toEqual([...precisions].sort((a, b) => a - b))
        }
      )
    )
  })

  it.each([
    ["what a search found", { partial: true }, "come from a search, but measures need a ranking of the whole database"],
    ["of queries without labels", { unlabelled: true }, "have queries without labels"]
  ])("have no average precision, nor the worst and best of it, where rankings are %s", (_, said, message) => {
    const ranking = { ...whole, gallery: { ...whole.gallery, ...said } }
    expect(Effect.runSync(chooser("first", 1, 3).pass(whole))[0]).toHaveProperty("ap")
    expect(Effect.runSync(chooser("first", 1, 3).pass(ranking))[0]).not.toHaveProperty("ap")
    const fault = Effect.runSync(Effect.flip(chooser("extremes", 1, 3).pass(ranking)))
    expect(fault.message).toContain(`rankings: ${message}`)
  })
})
