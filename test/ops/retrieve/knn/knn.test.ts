import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Ranking } from "../../../../src/ops/elements.ts"
import { knn } from "../../../../src/ops/retrieve/knn/knn.ts"
import { votesOf } from "../../../../src/ops/retrieve/knn/votes.ts"
import { Run } from "../../../../src/ops/run.ts"
import { toStream } from "../../../../src/pipeline/interpret.ts"
import { source } from "../../../../src/pipeline/operator.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"

const gallery: Ranking["gallery"] = {
  names: ["q0", "q1", "a", "b", "c"],
  classes: ["sea", "land"],
  labels: Uint8Array.of(1, 0, 0, 1, 1, 0, 1, 1, 0, 1),
  queries: Int32Array.of(0, 1),
  database: Int32Array.of(2, 3, 4)
}
const ranking: Ranking = {
  ...{ kind: "ranking", gallery, from: 0, to: 2 },
  order: Int32Array.of(0, 1, 2, 2, 0, 1),
  scores: Float32Array.of(1, 0.8, 0.1, 0.3, 0.2, 0.1)
}
const given = (rankings: ReadonlyArray<Ranking>) =>
  source({ name: "given", about: "Rankings.", to: Ranking, params: {}, run: () => Stream.fromIterable(rankings) })()

describe("knn", () => {
  effect("writes figures of the neighbours' votes, near duplicates and outliers, and passes rankings on", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const pipeline = given([ranking]).pipe(knn({ k: 2, outliers: 1 }))
      expect(yield* Stream.runCollect(toStream(pipeline)).pipe(Effect.provideService(Run, fake.run))).toEqual([ranking])
      const found = JSON.parse(readFileSync(join(fake.folder, "knn.json"), "utf8"))
      // Neighbours of q0: a (sea), b (both); of q1: c (land), a (sea).
      expect(found).toMatchObject({
        k: 2,
        images: 2,
        f1: { micro: (2 * 2) / (2 * 2 + 2), classes: { sea: 2 / 3, land: 2 / 3 } },
        duplicates: [{ query: "q0", nearest: "a", score: 1 }],
        outliers: [{ query: "q1", nearest: "c" }]
      })
      expect(fake.said.join("\n")).toContain("1 queries have a near duplicate")
    })
  )

  it("counts votes as a naive loop does", () => {
    const order = (n: number) =>
      fc.shuffledSubarray(
        Array.from({ length: n }, (_, i) => i),
        { minLength: n }
      )
    fc.assert(
      fc.property(order(3), order(3), fc.integer({ min: 1, max: 5 }), (one, two, k) => {
        const { probabilities } = votesOf({ ...ranking, order: Int32Array.from([...one, ...two]) }, k)
        const expected = [one, two].flatMap((row) =>
          [0, 1].map((c) => {
            const first = row.slice(0, k)
            return Math.fround(
              first.filter((at) => gallery.labels[2 * gallery.database[at] + c] === 1).length / first.length
            )
          })
        )
        expect([...probabilities]).toEqual(expected)
      })
    )
  })

  effect("refuses images without labels, and the results of a search", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const message = (changed: Partial<Ranking["gallery"]>) =>
        Stream.runDrain(toStream(given([{ ...ranking, gallery: { ...gallery, ...changed } }]).pipe(knn()))).pipe(
          Effect.provideService(Run, fake.run),
          Effect.flip,
          Effect.map((fault) => (fault as Error).message)
        )
      expect(yield* message({ classes: [] })).toBe(
        "knn: needs labels of all images. Give `labels` to the step that reads the embeddings."
      )
      expect(yield* message({ partial: true })).toContain("Put `knn` after `rank`")
    })
  )
})
