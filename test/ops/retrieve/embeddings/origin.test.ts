/** Embeddings that were made differently are not compared. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { Embeddings, type Origin } from "../../../../src/ops/elements.ts"
import { normalisationOf } from "../../../../src/ops/model/normalisation.ts"
import { embed } from "../../../../src/ops/retrieve/embeddings/embed.ts"
import { embeddings as reading } from "../../../../src/ops/retrieve/embeddings/embeddings.ts"
import { checkOrigins, difference, originPath, readOrigin } from "../../../../src/ops/retrieve/embeddings/origin.ts"
import { save } from "../../../../src/ops/retrieve/embeddings/save.ts"
import { gather } from "../../../../src/ops/retrieve/rank/gather.ts"
import { search } from "../../../../src/ops/retrieve/search/search.ts"
import { Run } from "../../../../src/ops/run.ts"
import { openEngine, TensorEngine } from "../../../../src/ops/tensor/engine.ts"
import { toStream } from "../../../../src/pipeline/interpret.ts"
import { source } from "../../../../src/pipeline/operator.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"
import { batches, changing, collected, tiny, training } from "../../train/harness.ts"
import { embeddings } from "../cases.ts"

const origin: Origin = { weights: "aaaa", bands: ["B0", "B1"], height: 8, width: 9, normalisation: "imagenet" }
const [plain] = embeddings(
  Float32Array.from({ length: 20 }, (_, i) => i + 1),
  new Uint8Array(20),
  2,
  2
)
const made: Embeddings = { ...plain, origin }
const self = { expect: () => {} }

const drained = (stream: unknown, run: Run["Service"]) =>
  Stream.runCollect(stream as Stream.Stream<Embeddings, Error, Run>).pipe(Effect.provideService(Run, run))
const saved = (given: Embeddings, run: Run["Service"], params: { to?: string; folder?: string } = {}) =>
  drained(save.run({ to: "embeddings", folder: undefined, ...params }, self)(Stream.make(given) as never), run)
const read = (folder: string, run: Run["Service"]) =>
  drained(toStream(reading({ from: join(folder, "embeddings.npy"), labels: join(folder, "embeddings.csv") })), run)

describe("the difference of two origins", () => {
  it.each([
    [{ weights: "bbbb" }, "weights (bbbb, not aaaa)"],
    [{ bands: ["B1", "B0"] }, "bands (B1, B0, not B0, B1)"],
    [{ height: 16 }, "image size (16 x 9, not 8 x 9)"],
    [{ normalisation: "none" }, "normalisation (none, not imagenet)"],
    [{ compression: "cccc" }, "compression (cccc, not none)"],
    [{}, undefined],
    [{ normalisation: "unknown" }, undefined]
  ])("of %j is %s", (changed, expected) => {
    expect(difference({ ...origin, ...changed }, origin)).toBe(expected)
  })
})

describe("the normalisation of images", () => {
  effect("is that of the last step that normalises, by the constants of its file", () =>
    Effect.gen(function* () {
      const { folder } = yield* fakeRun
      writeFileSync(join(folder, "a.json"), "{}")
      writeFileSync(join(folder, "b.json"), "{ }")
      const of = (by: string) => normalisationOf([{ name: "normalise", params: { by, compat: "none" } }], folder)
      expect(of("a.json")).toMatch(/^constants [0-9a-f]{16}$/)
      expect(of("a.json")).not.toBe(of("b.json"))
      expect(of("bigearthnet")).toBe("bigearthnet")
      expect(normalisationOf(undefined, folder)).toBe("unknown")
    })
  )
})

describe("embeddings of other weights", () => {
  const other: Embeddings = {
    ...made,
    names: made.names.map((name) => `other-${name}`),
    origin: { ...origin, weights: "bbbb" }
  }

  it("are not ranked together", () => {
    expect(() => gather([made, other], 1, 0.2)).toThrow(
      "other-patch-0: its embedding cannot be compared with that of patch-0: it was made with other weights (bbbb, not aaaa)"
    )
    expect(checkOrigins([made, plain])).toBe(true)
    expect(checkOrigins([made, made])).toBe(false)
    expect(checkOrigins([plain])).toBe(false)
  })

  const searched = (given: Embeddings, asked: Embeddings) =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      yield* saved(given, fake.run)
      const all = yield* read(fake.folder, fake.run)
      const queries = source({
        name: "asked",
        about: "One.",
        to: Embeddings,
        params: {},
        run: () => Stream.make(asked)
      })
      yield* drained(
        search.run(
          { query: undefined, queries: queries() as never, top: 3, by: "cosine", index: "exact", check: 0 },
          self
        )(Stream.fromIterable(all) as never),
        fake.run
      )
      return fake.said
    })

  effect("are not searched, through files and back", () =>
    Effect.gen(function* () {
      expect((yield* Effect.flip(searched(made, other))).message).toContain(
        "it was made with other weights (bbbb, not aaaa). Embed all images with one network"
      )
    })
  )

  effect("are searched with a note if nothing says how they were made", () =>
    Effect.gen(function* () {
      const note = "search: it is not known how some of these embeddings were made, so their origins are not compared"
      expect(yield* searched(plain, made)).toContain(note)
      expect(yield* searched(made, { ...made, names: made.names.map((name) => `q-${name}`) })).not.toContain(note)
    })
  )
})

describe("the file beside saved embeddings", () => {
  effect("is read with them, unless it belongs to another matrix or is not ours", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      yield* saved(made, fake.run)
      const path = originPath(join(fake.folder, "embeddings.npy"))
      expect(path).toBe(join(fake.folder, "embeddings.json"))
      expect(fake.wrote).toContain(path)
      const [back] = yield* read(fake.folder, fake.run)
      expect([back.origin, back.weights]).toEqual([origin, "aaaa"])
      const text = readFileSync(path, "utf8")
      for (const changed of [text.replace('"rows": 10', '"rows": 9'), "{}", "not JSON"]) {
        writeFileSync(path, changed)
        expect((yield* read(fake.folder, fake.run))[0].origin).toBeUndefined()
      }
      writeFileSync(path, text)
      yield* saved(plain, fake.run)
      expect(existsSync(path)).toBe(false)
    })
  )

  effect("keeps one experiment from replacing the embeddings of another", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const folder = join(fake.folder, "shared")
      mkdirSync(folder)
      yield* saved(made, fake.run, { folder })
      yield* saved(made, fake.run, { folder })
      expect(fake.said).toEqual([])
      const second = { ...fake.run, experiment: "second" }
      expect((yield* Effect.flip(saved(made, second, { folder }))).message).toBe(
        `${join(folder, "embeddings.npy")}: contains the embeddings of another experiment (trial). Set \`to\` or \`folder\` of \`save\` to another name.`
      )
      expect(readOrigin(join(folder, "embeddings.json"))?.experiment).toBe("trial")
      yield* saved(made, second, { folder, to: "UCM_0.0001_resnet50" })
      yield* saved(plain, fake.run, { folder, to: "plain" })
      yield* saved(plain, second, { folder, to: "plain" })
      expect(fake.said).toEqual([`save: replaces ${join(folder, "plain.npy")}`])
    })
  )
})

describe("predicted labels of images without labels", () => {
  effect("are saved under the class names of the weights, or under numbers", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const engine = yield* openEngine("cpu")
      const unlabelled = batches({ epochs: 1, count: 1, size: 3 }).pipe(
        changing(Stream.map((batch) => ({ ...batch, classes: [], labels: new Uint8Array(0) })))
      )
      const table = Effect.fnUntraced(function* (weights: string) {
        const pipeline = unlabelled.pipe(embed({ model: tiny, weights, predict: true }), save())
        const [{ predicted = new Uint8Array(0) }] = yield* Stream.runCollect(toStream(pipeline)).pipe(
          Effect.provideService(Run, fake.run),
          Effect.provideService(TensorEngine, { open: Effect.succeed(engine) })
        )
        const [header, ...rows] = readFileSync(join(fake.folder, "embeddings.predicted.csv"), "utf8").trim().split("\n")
        expect(rows).toEqual([0, 1, 2].map((i) => [`image${i}`, ...predicted.subarray(3 * i, 3 * i + 3)].join()))
        return header
      })
      expect(yield* table("initial")).toBe("name,class 0,class 1,class 2")
      yield* collected(fake.folder, engine, training(1))
      expect(yield* table("newest")).toBe("name,x,y,z")
    })
  )
})
