import { join } from "node:path"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Gallery, Ranking } from "../../../../src/ops/elements.ts"
import { truthOf } from "../../../../src/ops/measure/truth.ts"
import { writeTruth } from "../../../../src/ops/retrieve/ground-truth/file.ts"
import { relabel, relabelled } from "../../../../src/ops/retrieve/ground-truth/relabel.ts"
import { RetrieveError } from "../../../../src/ops/retrieve/retrieve-error.ts"
import { Run } from "../../../../src/ops/run.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"

const gallery = (names: ReadonlyArray<string>): Gallery => ({
  names,
  classes: ["old"],
  labels: new Uint8Array(names.length),
  queries: Int32Array.of(0),
  database: Int32Array.from(names.slice(1), (_, i) => i + 1)
})

describe("relabelled", () => {
  it("gives each image the labels that the ground truth was made of, whatever the order and number of classes", () => {
    const drawn = fc.tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 9 })).chain(([classes, images]) =>
      fc.tuple(
        fc.constant(classes),
        fc.array(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: classes, maxLength: classes }), {
          minLength: images,
          maxLength: images
        })
      )
    )
    fc.assert(
      fc.property(drawn, ([classes, rows]) => {
        const names = rows.map((_, i) => `p${i}`)
        const labels = Array.from({ length: classes }, (_, c) => `class ${c}`)
        const truth = truthOf(names, labels, Uint8Array.from(rows.flat()))
        const back = relabelled(gallery([...names].reverse()), truth, "truth.lmdb")
        expect([...back.labels]).toEqual([...rows].reverse().flat())
        expect([back.classes, back.notes]).toEqual([labels, ["Labels come from the ground truth truth.lmdb."]])
      }),
      { numRuns: 40 }
    )
  })

  it("refuses images that the ground truth does not know", () => {
    const truth = truthOf(["a"], ["x"], Uint8Array.of(1))
    expect(() => relabelled(gallery(["a", "b"]), truth, "t.lmdb")).toThrow(RetrieveError)
    expect(() => relabelled(gallery(["a", "b"]), truth, "t.lmdb")).toThrow("t.lmdb: does not contain b. Write")
    expect(() => relabelled(gallery(["a", "a"]), truth, "t.lmdb")).toThrow(
      "t.lmdb: images are identified by name, but several are called a. Give every image a unique name."
    )
  })
})

describe("relabel", () => {
  const ranking = (part: Gallery): Ranking => ({
    ...{ kind: "ranking", gallery: part, from: 0, to: 1 },
    ...{ order: Int32Array.of(0), scores: Float32Array.of(1) }
  })
  const run = (from: string, given: ReadonlyArray<Ranking>) =>
    Stream.runCollect(
      relabel.run({ from }, { expect: () => {} })(Stream.fromIterable(given) as never) as Stream.Stream<
        Ranking,
        Error,
        Run
      >
    )

  effect("reads what `ground-truth` wrote; blocks of one gallery keep one", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const path = join(fake.folder, "truth.lmdb")
      yield* writeTruth(path, truthOf(["a", "b"], ["x", "y"], Uint8Array.of(1, 0, 0, 1)))
      const one = gallery(["b", "a"])
      const [first, second] = yield* run(path, [ranking(one), ranking(one)]).pipe(Effect.provideService(Run, fake.run))
      expect([...first.gallery.labels]).toEqual([0, 1, 1, 0])
      expect(second.gallery).toBe(first.gallery)
      // Another one there is another input.
      expect(fake.used).toEqual([join(path, "data.mdb")])
      const absent = yield* Effect.flip(run(`${path}.none`, [ranking(one)])).pipe(Effect.provideService(Run, fake.run))
      expect(absent.message).toContain("truth.lmdb.none: there is no store here")
    })
  )
})
