import { join } from "node:path"
import { Effect, Stream } from "effect"
import { describe, expect } from "vitest"
import { CLASSES_19 } from "../../../../src/ops/data/archives/bigearthnet/corine-labels.ts"
import { nomenclatureOf } from "../../../../src/ops/data/archives/nomenclatures.ts"
import { openWriter } from "../../../../src/ops/data/stores/open-store.ts"
import { encodeValue } from "../../../../src/ops/data/stores/patch-value.ts"
import type { Band, Ranking } from "../../../../src/ops/elements.ts"
import { Run } from "../../../../src/ops/run.ts"
import { strips } from "../../../../src/ops/show/strips/strips.ts"
import { readStrips } from "../../../../src/ops/show/strips/strips-file.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"

const names = ["a", "b", "c"]
const bands = names.map((_, patch) =>
  ["B02", "B03", "B04"].map(
    (name, b): Band => ({
      name,
      dtype: "uint16",
      height: 120,
      width: 120,
      data: Uint16Array.from({ length: 120 * 120 }, (_, i) => i * (b + 1) + patch)
    })
  )
)
const ranking: Ranking = {
  kind: "ranking",
  gallery: {
    names,
    classes: CLASSES_19,
    labels: new Uint8Array(names.length * CLASSES_19.length),
    queries: Int32Array.of(0),
    database: Int32Array.of(1, 2)
  },
  from: 0,
  to: 1,
  order: Int32Array.of(1, 0),
  scores: Float32Array.of(0.5, 0.25)
}
const params = { queries: 1, digits: 5, top: 2, from: "patches.lmdb", bands: ["B04", "B03", "B02"] as const }
const stripsWith = (given: object) =>
  strips.run({ ...params, ...given } as never, { expect: () => {} })(
    Stream.make(ranking) as never
  ) as unknown as Stream.Stream<Ranking, Error, Run>
const run = stripsWith({ without_store: "fail" })

describe("strips of a store", () => {
  effect("draws the patches that the store holds, and fails by name where one is missing", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const path = join(fake.folder, "patches.lmdb")
      const write = (some: ReadonlyArray<number>) =>
        Effect.scoped(
          Effect.map(openWriter(path), (store) =>
            store.write(
              some.map((i) => [
                names[i],
                encodeValue({
                  kind: "raw",
                  name: names[i],
                  labels: ["Pastures"],
                  nomenclature: nomenclatureOf("43"),
                  split: "test",
                  bands: bands[i]
                })
              ])
            )
          )
        )
      const provided = Effect.provideService(Run, fake.run)
      const absent = yield* Effect.flip(Stream.runDrain(run).pipe(provided))
      expect(absent.message).toBe(`${path}: there is no store here. Run the pipeline that stores patches first.`)
      yield* write([0, 2])
      const missing = yield* Effect.flip(Stream.runDrain(run).pipe(provided))
      expect(missing.message).toMatch(/patches\.lmdb: holds no patch b\./)
      yield* write([1])
      yield* Stream.runDrain(run).pipe(provided)
      expect(readStrips(fake.folder).map(({ results }) => results.map(({ name }) => name))).toEqual([["c", "b"]])
    })
  )

  effect("are left out, said so, where there need be no store", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const passed = yield* Stream.runCollect(stripsWith({ without_store: "skip" })).pipe(
        Effect.provideService(Run, fake.run)
      )
      expect(passed).toEqual([ranking])
      expect(fake.said).toEqual([expect.stringMatching(/^No strips: .*patches\.lmdb: there is no store here\./)])
      expect(readStrips(fake.folder)).toEqual([])
    })
  )
})
