import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { openReader, openWriter } from "../../../../src/ops/data/stores/open-store.ts"
import { codesWith } from "../../../../src/ops/measure/relevance.ts"
import { LARGEST_TABLE, matchesWithin, truthDistance, truthOf, truthRow } from "../../../../src/ops/measure/truth.ts"
import { readTruth, writeTruth } from "../../../../src/ops/retrieve/ground-truth/file.ts"
import { groundTruth } from "../../../../src/ops/retrieve/ground-truth/ground-truth.ts"
import { Run } from "../../../../src/ops/run.ts"
import { effect } from "../../../effect.ts"
import { type ReferenceArray, reference } from "../../../reference.ts"
import { runs } from "../../../runs.ts"
import { fakeRun } from "../../fake-run.ts"
import { jaccard, listed } from "../../measure/naive.ts"
import { embeddings } from "../cases.ts"

const { groundtruth } = reference<{
  readonly groundtruth: {
    readonly labels: ReferenceArray
    readonly threshold_used_by_group: Readonly<Record<string, number>>
    readonly matches: Readonly<Record<string, ReadonlyArray<ReadonlyArray<number>>>>
  }
}>("ben-groundtruth.json")
const [images, classes] = groundtruth.labels.shape
const recorded = embeddings(new Float32Array(images), Uint8Array.from(groundtruth.labels.data), 1, classes, 9)

const run = (given: ReadonlyArray<unknown>, to = "truth") =>
  Stream.runCollect(
    groundTruth.run({ to }, { expect: () => {} })(Stream.fromIterable(given) as never) as Stream.Stream<
      unknown,
      Error,
      Run
    >
  )

describe("ground-truth", () => {
  effect("writes what reproduces the recorded lists, with names, and passes everything on", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const path = join(fake.folder, "truth.lmdb")
      expect(yield* Effect.provideService(run(recorded), Run, fake.run)).toEqual(recorded)
      const truth = yield* readTruth(path)
      expect(truth.names).toEqual(Array.from({ length: images }, (_, i) => `patch-${i}`))
      expect(truth.classes).toEqual(recorded[0].classes)
      expect(truth.table).toBeDefined()
      for (const [level, lists] of Object.entries(groundtruth.matches)) {
        const threshold = groundtruth.threshold_used_by_group[level]
        expect(lists.length).toBe(images)
        lists.forEach((list, image) => {
          expect([...matchesWithin(truth, image, threshold)]).toEqual(list)
        })
      }
      expect(fake.wrote).toEqual([join(path, "data.mdb")])
      expect(fake.said[0]).toMatch(new RegExp(`^ground truth: ${images} images, \\d+ label sets$`))
      expect(readdirSync(fake.folder)).toEqual(["truth.lmdb"])
    })
  )

  effect("replaces what stood there", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      yield* Effect.provideService(run(recorded), Run, fake.run)
      yield* Effect.provideService(run(recorded.slice(1)), Run, fake.run)
      const truth = yield* readTruth(join(fake.folder, "truth.lmdb"))
      expect(truth.names).toEqual(recorded.slice(1).flatMap(({ names }) => names))
    })
  )

  effect("takes patches as well", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const patch = (name: string, labels: ReadonlyArray<number>) => ({
        ...{ kind: "patch", name, labels: Uint8Array.from(labels), classes: ["a", "b"] }
      })
      yield* Effect.provideService(run([patch("x", [1, 0]), patch("y", [1, 1])]), Run, fake.run)
      const truth = yield* readTruth(join(fake.folder, "truth.lmdb"))
      expect(truthDistance(truth, 0, 1)).toBe(0.5)
    })
  )

  effect("refuses what has no labels, or others, or nothing; and writes nothing then", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const message = (given: ReadonlyArray<unknown>) =>
        Effect.map(Effect.flip(Effect.provideService(run(given), Run, fake.run)), (error) => error.message)
      expect(yield* message([{ kind: "report" }])).toMatch(
        /^ground-truth: the elements that arrive have no label vectors\./
      )
      expect(yield* message([recorded[0], { ...recorded[1], classes: ["z"] }])).toMatch(
        /other classes than the labels before them/
      )
      expect(yield* message([])).toBe("ground-truth: no patches arrived. Read a split that holds patches.")
      expect(yield* message([recorded[0], recorded[0]])).toMatch(
        /^ground-truth: images are identified by name, but several are called .*\. Read the split once, and give every/
      )
      expect(existsSync(join(fake.folder, "truth.lmdb"))).toBe(false)
    })
  )

  effect("is not read from what is none", () =>
    Effect.gen(function* () {
      const { folder } = yield* fakeRun
      const path = join(folder, "other")
      const message = Effect.map(Effect.flip(readTruth(path)), (error) => error.message)
      expect(yield* message).toMatch(/other: there is no store here/)
      yield* Effect.scoped(Effect.map(openWriter(path), (store) => store.write([["patch", Uint8Array.of(1)]])))
      expect(yield* message).toBe(`${path}: is not a ground truth. Write it again with \`ground-truth\`.`)
      mkdirSync(join(folder, "old"))
      writeFileSync(join(folder, "old", "data.mdb"), "not a store at all, but long enough to be looked at")
      const damaged = (yield* Effect.flip(readTruth(join(folder, "old")))).message
      expect(damaged).toContain("is not an LMDB store, or is damaged")
      expect(damaged).toMatch(/\. Write it again with `ground-truth`\.$/)
    })
  )
})

describe("a damaged ground truth", () => {
  type Values = Map<string, Uint8Array>
  const json = (value: unknown) => Buffer.from(JSON.stringify(value))
  const about = (change: object) => (values: Values) => {
    const given = JSON.parse(Buffer.from(values.get("about") ?? []).toString("utf8"))
    values.set("about", json({ ...given, ...change }))
  }
  const word = (key: string, value: number) => (values: Values) => {
    const bytes = Buffer.from(values.get(key) ?? [])
    bytes.writeUInt32LE(value, 0)
    values.set(key, bytes)
  }
  const put = (key: string, value: Uint8Array) => (values: Values) => void values.set(key, value)
  const short = (key: string) => (values: Values) =>
    void values.set(key, (values.get(key) ?? new Uint8Array()).slice(1))

  const sound = truthOf(["x", "y", "z"], ["a", "b"], Uint8Array.of(1, 0, 1, 1, 1, 0))

  it.each<readonly [string, (values: Values) => void, string]>([
    [
      "about is no JSON",
      put("about", Buffer.from("{")),
      "is damaged: `about` lacks a value or has one of the wrong type"
    ],
    [
      "a code of three bytes",
      about({ code_bytes: 3 }),
      "is damaged: `about` lacks a value or has one of the wrong type"
    ],
    ["images below none", about({ images: -1 }), "is damaged: `about` lacks a value or has one of the wrong type"],
    [
      "classes without names",
      about({ classes: [1, 2] }),
      "is damaged: `about` lacks a value or has one of the wrong type"
    ],
    [
      "another format",
      about({ format: "orbitrank ground truth 9" }),
      "is a ground truth of another version (orbitrank ground truth 9)"
    ],
    ["codes of another width", about({ code_bytes: 2 }), "is damaged: `codes` has 4 bytes, not 8"],
    ["no codes", (values) => void values.delete("codes"), "is damaged: it has no `codes`"],
    ["more images", about({ images: 4 }), "is damaged: `sets` has 12 bytes, not 16"],
    ["more sets", about({ sets: 3 }), "is damaged: `bits` has 8 bytes, not 12"],
    ["sets cut short", short("sets"), "is damaged: `sets` has 11 bytes, not 12"],
    ["a set that there is not", word("sets", 2), "is damaged: `sets` contains 2, which is not below 2"],
    ["a class that there is not", word("bits", 4), "is damaged: `bits` has labels beyond its 2 classes"],
    ["a code that there is not", word("codes", 6), "is damaged: `codes` contains 6, which is not below 6"],
    ["fewer names", put("names", json(["x", "y"])), "is damaged: it has 2 names for 3 images"],
    ["names that are none", put("names", json([1, 2, 3])), "is damaged: `names` is not a list of names"],
    ["names that are no JSON", put("names", Buffer.from("[")), "is damaged: `names` is not a list of names"]
  ])("is refused for %s", async (_, damage, problem) => {
    await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const { folder } = yield* fakeRun
          const [good, bad] = [join(folder, "good"), join(folder, "bad")]
          yield* writeTruth(good, sound)
          expect(yield* readTruth(good)).toEqual(sound)
          const store = yield* openReader(good)
          const values: Values = new Map(
            ["about", "names", "sets", "bits", "codes"].map((key) => [key, store.read(key)])
          )
          damage(values)
          yield* Effect.scoped(Effect.map(openWriter(bad), (writer) => writer.write([...values])))
          expect((yield* Effect.flip(readTruth(bad))).message).toBe(
            `${bad}: ${problem}. Write it again with \`ground-truth\`.`
          )
        })
      )
    )
  })
})

describe("the table of pairs", () => {
  it("has the distances of a naive second implementation", () => {
    const some = fc
      .integer({ min: 1, max: 40 })
      .chain((width) =>
        fc.array(fc.uint8Array({ minLength: width, maxLength: width, max: 1 }), { minLength: 1, maxLength: 12 })
      )
    fc.assert(
      fc.property(some, (vectors) => {
        const width = vectors[0].length
        const names = vectors.map((_, i) => `${i}`)
        const truth = truthOf(
          names,
          Array.from({ length: width }, (_, c) => `${c}`),
          Uint8Array.from(vectors.flatMap((v) => [...v]))
        )
        vectors.forEach((a, i) => {
          vectors.forEach((b, j) => {
            expect(truthDistance(truth, i, j)).toBe(jaccard(listed(a), listed(b)))
          })
        })
      }),
      runs(60)
    )
  })

  it("is not kept where label sets are nearly as many as images: rows are made as asked for", () => {
    const count = Math.ceil(Math.sqrt(LARGEST_TABLE)) + 1
    const width = 16
    const labels = Uint8Array.from({ length: count * width }, (_, i) => (Math.floor(i / width) >> (i % width)) & 1)
    const truth = truthOf(
      Array.from({ length: count }, (_, i) => `${i}`),
      Array.from({ length: width }, (_, c) => `${c}`),
      labels
    )
    expect(truth.sets.count).toBe(count)
    expect(truth.table).toBeUndefined()
    expect(truthRow(truth, 5)).toEqual(codesWith(truth.sets, 5))
    expect(truthDistance(truth, 3, 1)).toBe(0.5)
  })
})

it("the store of thousands of images is small", async () => {
  await Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const fake = yield* fakeRun
        const n = 6000
        const labels = Uint8Array.from({ length: n * 19 }, (_, i) => ((Math.floor(i / 19) % 1200) >> (i % 19)) & 1)
        yield* Effect.provideService(run(embeddings(new Float32Array(n), labels, 1, 19)), Run, fake.run)
        // 1,200 sets squared, one byte each, and names.
        expect(statSync(join(fake.folder, "truth.lmdb", "data.mdb")).size).toBeLessThan(1200 ** 2 + n * 40 + 200_000)
      })
    )
  )
})
