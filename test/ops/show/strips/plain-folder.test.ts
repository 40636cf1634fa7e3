/** Pictures of strips from a plain folder of images, without a table of labels. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import sharp from "sharp"
import { describe, expect } from "vitest"
import { Ranking } from "../../../../src/ops/elements.ts"
import { Run } from "../../../../src/ops/run.ts"
import { strips } from "../../../../src/ops/show/strips/strips.ts"
import { readStrips } from "../../../../src/ops/show/strips/strips-file.ts"
import { toStream } from "../../../../src/pipeline/interpret.ts"
import { source } from "../../../../src/pipeline/operator.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"

const ranking = (names: ReadonlyArray<string>): Ranking => ({
  ...{ kind: "ranking", from: 0, to: 1, order: Int32Array.of(0), scores: Float32Array.of(0.5) },
  gallery: { names, classes: [], labels: new Uint8Array(0), queries: Int32Array.of(0), database: Int32Array.of(1) }
})

describe("strips of a plain folder", () => {
  effect("take pictures by name, with and without the ending of the file", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const folder = join(fake.folder, "pictures")
      mkdirSync(join(folder, "below"), { recursive: true })
      for (const file of ["a.png", "below/b.jpg"]) {
        const create = { width: 9, height: 9, channels: 3, background: { r: 9, g: 90, b: 40 } } as const
        yield* Effect.promise(() => sharp({ create }).toFile(join(folder, file)))
      }
      const draw = (names: ReadonlyArray<string>) => {
        const given = source({
          name: "given",
          about: "A ranking.",
          to: Ranking,
          params: {},
          run: () => Stream.make(ranking(names))
        })
        const pipeline = given().pipe(strips({ from: folder, store: "images" }))
        return Effect.provideService(Stream.runDrain(toStream(pipeline)), Run, fake.run)
      }
      yield* draw(["a.png", "b"])
      expect(readStrips(fake.folder).map(({ query, results }) => [query.name, results[0].name])).toEqual([
        ["a.png", "b"]
      ])
      const fault = yield* Effect.flip(draw(["a", "c.png"]))
      expect((fault as Error).message).toBe(
        `c.png: has no image in ${folder}. Give the folder of the images that were embedded.`
      )
    })
  )
})
