import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Embeddings, type Ranking } from "../../../../src/ops/elements.ts"
import { descending, scratch } from "../../../../src/ops/retrieve/rank/order.ts"
import { search } from "../../../../src/ops/retrieve/search/search.ts"
import { topOf } from "../../../../src/ops/retrieve/search/top.ts"
import { Run } from "../../../../src/ops/run.ts"
import { source } from "../../../../src/pipeline/operator.ts"
import { random } from "../../../../src/pipeline/random.ts"
import { effect } from "../../../effect.ts"
import { runs } from "../../../runs.ts"
import { fakeRun } from "../../fake-run.ts"
import { cases, embeddings, embeddingsOf } from "../cases.ts"

const self = { expect: () => {} }
type Params = Partial<Parameters<typeof search.run>[0]>
const found = (given: ReadonlyArray<Embeddings>, params: Params) =>
  Stream.runCollect(
    search.run(
      {
        ...{ query: undefined, queries: undefined, top: 10, by: "cosine", index: "exact", check: 100 },
        ...{ labels: undefined, without: undefined },
        ...params
      },
      self
    )(Stream.fromIterable(given) as never) as unknown as Stream.Stream<Ranking, Error, Run>
  )

describe("the best of many", () => {
  const scores = fc.oneof(
    fc.float32Array({ noNaN: true, maxLength: 300 }),
    fc.array(fc.constantFrom(0, -0, 1, -1, 0.5), { maxLength: 300 }).map((values) => Float32Array.from(values))
  )
  it("are the first of the full order, ties among them", () => {
    fc.assert(
      fc.property(scores, fc.integer({ min: 1, max: 320 }), (values, k) => {
        const order = new Int32Array(values.length)
        descending(values, order, new Float32Array(values.length), scratch(values.length))
        expect([...topOf(values, k)]).toEqual([...order.subarray(0, k)])
      }),
      runs(300)
    )
  })
})

describe("search", () => {
  for (const { name, one } of cases) {
    effect(`${name}: finds what the recorded ranking begins with`, () =>
      Effect.gen(function* () {
        const fake = yield* fakeRun
        const all = embeddingsOf(one, 20)
        const [row, image] = [0, one.expect.qr_idx[0]]
        const [ranking, ...more] = yield* Effect.provideService(
          found(all, { query: `patch-${image}`, top: one.vectors.shape[0] }),
          Run,
          fake.run
        )
        expect(more).toEqual([])
        const images = [...ranking.order].map((at) => ranking.gallery.database[at])
        expect(images.length).toBe(one.vectors.shape[0] - 1)
        // The recorded ranking leaves the other queries out.
        const database = new Set(one.expect.db_idx)
        const n = one.expect.db_idx.length
        const recorded = one.expect.ranks.data.slice(row * n, (row + 1) * n).map((at) => one.expect.db_idx[at])
        expect(images.filter((other) => database.has(other))).toEqual(recorded)
        expect(ranking.gallery.names[ranking.gallery.queries[0]]).toBe(`patch-${image}`)
      })
    )
  }

  const four = embeddings(Float32Array.of(1, 0, 0, 1, 1, 1, -1, 0), Uint8Array.of(1, 0, 0, 1, 1, 1, 0, 0), 2, 2)

  effect("writes a table, search.json and the record", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      yield* Effect.provideService(found(four, { query: "patch-0", top: 2 }), Run, fake.run)
      const expected = [
        {
          query: { name: "patch-0", labels: ["class 0"] },
          by: "cosine",
          searched: 4,
          results: [
            {
              name: "patch-2",
              score: Math.fround(Math.SQRT1_2),
              label_similarity: 0.5,
              labels: ["class 0", "class 1"]
            },
            { name: "patch-1", score: 0, label_similarity: 0, labels: ["class 1"] }
          ]
        }
      ]
      const path = join(fake.folder, "search.json")
      expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(expected)
      expect(fake.recorded).toEqual({ search: expected })
      expect(fake.wrote).toEqual([path])
      expect(fake.said.slice(1, 7)).toEqual([
        "2 of 4 images most similar to patch-0",
        "(class 0)",
        "",
        "   name       cosine  labels",
        "1  patch-2    0.7071    0.50  class 0; class 1",
        "2  patch-1    0.0000    0.00  class 1"
      ])
    })
  )

  effect("finds by distance, and no more than there are", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const [{ order, scores, gallery }] = yield* Effect.provideService(
        found(four, { query: "patch-1", by: "l2" }),
        Run,
        fake.run
      )
      expect([...order].map((at) => gallery.database[at])).toEqual([2, 0, 3])
      expect([...scores]).toEqual([-1, -Math.fround(Math.SQRT2), -Math.fround(Math.SQRT2)])
      expect(fake.said.some((line) => line.startsWith("1  patch-2    1.0000"))).toBe(true)
    })
  )

  const others = source({
    name: "others",
    about: "Two new images.",
    to: Embeddings,
    params: {},
    run: () =>
      Stream.fromIterable(
        embeddings(Float32Array.of(0, 2, -3, 0.1), Uint8Array.of(0, 1, 1, 1), 2, 2).map((batch) => ({
          ...batch,
          names: ["new", "patch-3"]
        }))
      )
  })

  effect("searches for images that a pipeline embeds", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const rankings = yield* Effect.provideService(found(four, { queries: others(), top: 2 }), Run, fake.run)
      const all = fake.recorded.search as ReadonlyArray<{ query: { name: string }; results: Array<{ name: string }> }>
      expect(all.map(({ query, results }) => [query.name, ...results.map(({ name }) => name)])).toEqual([
        ["new", "patch-1", "patch-2"],
        // One of the images has its name, and is left out.
        ["patch-3", "patch-1", "patch-2"]
      ])
      expect(rankings.map(({ from, to }) => [from, to])).toEqual([
        [0, 1],
        [1, 2]
      ])
    })
  )
})

describe("search through an index", () => {
  const { normal } = random(5, 0, 0, "images")
  const many = embeddings(
    Float32Array.from({ length: 300 * 8 }, normal),
    Uint8Array.from({ length: 300 * 2 }, (_, i) => (i % 7 < 3 ? 1 : 0)),
    8,
    2,
    64
  )
  const names = (rankings: ReadonlyArray<Ranking>) =>
    rankings.map(({ gallery, order }) => Array.from(order, (at) => gallery.names[gallery.database[at]]))
  const others = Float32Array.from({ length: 1003 * 8 }, normal)
  const asked = source({
    name: "asked",
    about: "More queries than are searched together.",
    to: Embeddings,
    params: {},
    run: () =>
      Stream.fromIterable(
        embeddings(others, new Uint8Array(1003 * 2), 8, 2, 400).map((batch, b) => ({
          ...batch,
          names: batch.names.map((name) => `new-${b}-${name}`)
        }))
      )
  })

  for (const index of ["int8", { name: "binary", rerank: 300 }] as const) {
    effect(`${typeof index === "string" ? index : index.name}: finds what an exact search finds, 1,003 queries`, () =>
      Effect.gen(function* () {
        const fake = yield* fakeRun
        const quiet = { ...fake.run, seed: 24 }
        const search = (params: Params) => Effect.provideService(found(many, { top: 3, ...params }), Run, quiet)
        const exact = yield* search({ queries: asked() })
        expect(names(yield* search({ queries: asked(), index }))).toEqual(names(exact))
        expect(fake.recorded.search_index).toMatchObject({ images: 300, queries: 100, top: 3, recall: 1 })
        expect(fake.said).toContain(
          "search: it finds 100.0 % of the 3 most similar images (100 images, compared with an exact search)"
        )
        const one = { query: "patch-70", by: "l2", check: 0 } as const
        expect(names(yield* search({ ...one, index }))).toEqual(names(yield* search(one)))
        expect(fake.recorded.search_index).not.toHaveProperty("recall")
      })
    )
  }

  for (const index of ["exact", "binary"] as const) {
    effect(`${index}: finds only images with the labels, and none with others`, () =>
      Effect.gen(function* () {
        const fake = yield* fakeRun
        const params = { query: "patch-0", top: 300, index, labels: ["class 0"], without: ["class 1"], check: 5 }
        const [{ gallery }] = yield* Effect.provideService(found(many, params), Run, fake.run)
        const wanted = Array.from({ length: 300 }, (_, i) => i).filter((i) => (2 * i) % 7 < 3 && (2 * i + 1) % 7 >= 3)
        expect([...gallery.database]).toEqual(wanted.filter((i) => i !== 0))
      })
    )
  }

  effect("refuses classes that do not exist, filters that leave nothing, and vectors that cannot be compared", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const message = (params: Params, given = many) =>
        Effect.map(
          Effect.flip(Effect.provideService(found(given, { query: "patch-1", ...params }), Run, fake.run)),
          (error) => error.message
        )
      expect(yield* message({ labels: ["class O"] })).toBe(
        "labels: class O: the images that are searched have no class of this name; did you mean `class 0`? Name one of their classes."
      )
      expect(yield* message({ labels: ["class 0"], without: ["class 0"] })).toBe(
        "search: none of 300 images meets the conditions of the filter. Remove a condition."
      )
      const vectors = Float32Array.from(many[0].vectors).fill(0, 16, 24)
      expect(yield* message({ index: "int8" }, [{ ...many[0], vectors }])).toMatch(/^patch-2: the embedding is zero/)
    })
  )
})

describe("search for images without labels", () => {
  effect("finds by the embedding, and claims nothing about labels", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const all = embeddings(Float32Array.of(1, 0, 0, 1, 1, 1), Uint8Array.of(1, 0, 1), 2, 1)
      const unlabelled = source({
        name: "unlabelled",
        about: "A new image.",
        to: Embeddings,
        params: {},
        run: () =>
          Stream.make({
            ...embeddings(Float32Array.of(0, 2), new Uint8Array(0), 2, 0)[0],
            names: ["new"]
          })
      })
      const [ranking] = yield* Effect.provideService(found(all, { queries: unlabelled(), top: 2 }), Run, fake.run)
      expect(ranking.gallery.unlabelled).toBe(true)
      const [{ query, results }] = fake.recorded.search as ReadonlyArray<Record<string, unknown>>
      expect(query).toEqual({ name: "new", labels: null })
      expect(results).toMatchObject([
        { name: "patch-1", score: 1, label_similarity: null, labels: [] },
        { name: "patch-2", label_similarity: null, labels: ["class 0"] }
      ])
      expect(fake.said).toContain("(labels not known)")
      expect(fake.said.join("\n")).not.toContain("Jaccard")
    })
  )
})

describe("search refuses", () => {
  const message = (given: ReadonlyArray<Embeddings>, params: Params) =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      return (yield* Effect.flip(Effect.provideService(found(given, params), Run, fake.run))).message
    })
  const [batch] = embeddings(Float32Array.of(1, 0, 0, 1), Uint8Array.of(1, 0), 2, 1)

  effect("a query that is not there, or not one", () =>
    Effect.gen(function* () {
      expect(yield* message([batch], { query: "patch-l" })).toBe(
        "query patch-l: none of 2 images has this name; did you mean `patch-0` or `patch-1`. Name one of the images."
      )
      expect(yield* message([batch, batch], { query: "patch-1" })).toBe(
        "query patch-1: several images have this name. Give every image a unique name."
      )
      expect(yield* message([batch], {})).toMatch(/^search: neither `query` nor `queries` is given\. Set `query`/)
      expect(yield* message([], { query: "patch-1" })).toMatch(/^embeddings: none arrived\./)
    })
  )

  effect("vectors that cannot be compared, by name", () =>
    Effect.gen(function* () {
      const zero = { ...batch, vectors: Float32Array.of(1, 0, 0, 0) }
      expect(yield* message([zero], { query: "patch-1" })).toMatch(/^patch-1: the embedding is zero or not finite/)
      expect(yield* message([zero], { query: "patch-0" })).toMatch(
        /^patch-1: the embedding is zero, too large or not finite/
      )
      const wide = embeddings(new Float32Array(3).fill(1), new Uint8Array(1), 3, 1)
      const none = source({ name: "none", about: "", to: Embeddings, params: {}, run: () => Stream.empty })
      const wider = source({
        name: "wide",
        about: "",
        to: Embeddings,
        params: {},
        run: () => Stream.fromIterable(wide)
      })
      expect(yield* message([batch], { queries: none() })).toMatch(/^queries: none arrived\./)
      expect(yield* message([batch], { queries: wider() })).toMatch(/^patch-0: its embedding has 3 dimensions/)
    })
  )

  it("nothing of the configuration it has by itself but the query", () => {
    expect(search.params.query.required).toBe(false)
    expect(search.params.queries.required).toBe(false)
  })
})
