import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { catalogueMarkdown } from "../../src/pipeline/catalogue.ts"
import type { decodeStep } from "../../src/pipeline/decode.ts"
import type { AnyOperator } from "../../src/pipeline/origin.ts"
import { opened } from "../ops/tensor/with-engine.ts"
import { makeBatch, services, temporaryFolder, tiny } from "../ops/train/harness.ts"
import { compile, type Followed, follow, remove } from "./recipe.ts"

describe("the recipe of a loss", () => {
  let followed: Followed
  let optimise: typeof import("../../src/ops/train/optimise.ts")["optimise"]
  const load = <A>(file: string) => import(join(followed.folder, "src", file)) as Promise<A>
  beforeAll(async () => {
    followed = follow("loss")
    ;({ optimise } = await import(join(followed.folder, "src/ops/train/optimise.ts")))
  })
  afterAll(() => remove(followed))

  it("touches two files, and compiles; without its formula it does not", () => {
    expect(followed.files).toEqual(["src/ops/train/losses/length.ts", "src/ops/train/losses.ts"])
    compile(followed)
    const path = join(followed.folder, followed.files[0])
    const whole = readFileSync(path, "utf8")
    for (const forgotten of [/^ {2}on: .*\n/m, /^ {2}title: .*\n/m, /^ {2}params: .*\n/m]) {
      expect(whole).toMatch(forgotten)
      writeFileSync(path, whole.replace(forgotten, ""))
      expect(() => compile(followed), String(forgotten)).toThrow(/error TS/)
    }
    writeFileSync(path, whole)
  })

  it("gives a loss that trains, with a parameter of its own", () =>
    Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const engine = yield* Effect.promise(() => opened("wasm"))
          const folder = yield* temporaryFolder
          const { source } = yield* Effect.promise(() =>
            load<typeof import("../../src/pipeline/operator.ts")>("pipeline/operator.ts")
          )
          const { Batch } = yield* Effect.promise(() =>
            load<typeof import("../../src/ops/elements.ts")>("ops/elements.ts")
          )
          const { toStream } = yield* Effect.promise(() =>
            load<typeof import("../../src/pipeline/interpret.ts")>("pipeline/interpret.ts")
          )
          const same = makeBatch(0, 0, 6)
          const twice = source({
            name: "twice",
            about: "One batch, twice.",
            to: Batch,
            params: {},
            run: () => Stream.make(same, same)
          })
          // The name is not in the types of our own source.
          const metric_loss = { name: "length", target: 40 } as never
          const pipeline = twice().pipe(optimise({ model: tiny, metric_loss }))
          const steps = yield* Effect.provide(Stream.runCollect(toStream(pipeline)), services(folder, engine))
          expect(steps).toHaveLength(2)
          const lengths = steps.map(({ metricLoss }) => metricLoss)
          for (const value of lengths) expect(value).toBeGreaterThan(0)
          expect(steps[1].metricLoss).toBeLessThan(steps[0].metricLoss)
        })
      )
    ))

  it("reaches YAML, messages and the documentation", async () => {
    const { decodeStep: decode } = await load<{ decodeStep: typeof decodeStep }>("pipeline/decode.ts")
    const { catalogue, catalogueMarkdown: markdown } = await load<{
      catalogue: typeof import("../../src/pipeline/catalogue.ts")["catalogue"]
      catalogueMarkdown: typeof catalogueMarkdown
    }>("pipeline/catalogue.ts")
    const operator = optimise as unknown as AnyOperator
    const said = decode(operator, { model: tiny, metric_loss: "oml", target: 2 }).faults.map(({ problem }) => problem)
    expect(said).toEqual(["belongs to `length`, but `metric_loss` is `oml`, which takes `temperature`"])
    expect(followed.yaml).toContain("metric_loss: { name: length, target: 2 }")
    expect(decode(operator, { model: tiny, metric_loss: { name: "length", target: 2 } }).faults).toEqual([])
    expect(markdown(catalogue([operator]))).toContain("| `length` | Mean square of the difference")
  })
})
