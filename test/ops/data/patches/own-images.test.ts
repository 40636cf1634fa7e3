import { Effect, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { archive } from "../../../../src/ops/data/archives/archive.ts"
import { decode } from "../../../../src/ops/data/archives/decode.ts"
import { miniature } from "../../../../src/ops/data/miniature/miniature.ts"
import { augment } from "../../../../src/ops/data/patches/augment.ts"
import { batch } from "../../../../src/ops/data/patches/batch.ts"
import { crop } from "../../../../src/ops/data/patches/crop.ts"
import { BIGEARTHNET_MOMENTS } from "../../../../src/ops/data/patches/moments/known-moments.ts"
import { normalised } from "../../../../src/ops/data/patches/moments/normalised.ts"
import { normalise } from "../../../../src/ops/data/patches/normalise.ts"
import { handedOver, overwritable } from "../../../../src/ops/data/patches/own-images.ts"
import { read } from "../../../../src/ops/data/patches/read.ts"
import { split } from "../../../../src/ops/data/splits/split.ts"
import { store } from "../../../../src/ops/data/stores/store.ts"
import { Patch } from "../../../../src/ops/elements.ts"
import { operator, source } from "../../../../src/pipeline/operator.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { runIn } from "../streams.ts"

const root = temporaryFolder()
const step = (name: string) => ({ name, params: {} })
const patch = (): Patch => ({
  kind: "patch",
  name: "p",
  index: 0,
  epoch: 0,
  image: new Float32Array(3),
  height: 1,
  width: 1,
  bands: ["a", "b", "c"],
  labels: Uint8Array.of(1),
  classes: ["x"]
})

describe("an image", () => {
  it("may be overwritten once, by a step that alone receives it", () => {
    const mayOverwrite = overwritable([step("read"), step("augment"), step("crop")])
    const own = handedOver(patch())
    expect([mayOverwrite(own), mayOverwrite(own), mayOverwrite(patch())]).toEqual([true, false, false])
  })

  it.each([
    ["outside of a pipeline", undefined],
    ["behind another source", [step("images")]],
    ["behind a step that may keep it", [step("read"), step("mine"), step("crop")]]
  ])("is never overwritten %s", (_, before) => {
    expect(overwritable(before)(handedOver(patch()))).toBe(false)
  })
})

/** Keeps the patches that pass. */
const keeping = (kept: Array<Patch>) =>
  operator({
    name: "keeping",
    about: "Keeps patches.",
    from: Patch,
    to: Patch,
    params: {},
    run: () => (patches) =>
      Stream.map(patches, (one) => {
        kept.push(one)
        return one
      })
  })()

const again = (patches: ReadonlyArray<Patch>) =>
  source({
    name: "again",
    about: "Patches for tests.",
    to: Patch,
    params: {},
    run: () => Stream.fromIterable(patches)
  })()

const pixelsOf = (patches: ReadonlyArray<Patch>) => patches.map(({ image }) => [...image])

describe("a pipeline that overwrites images", () => {
  effect("gives the patches and batches of one that makes new ones, for every seed", () =>
    Effect.gen(function* () {
      yield* runIn(root).collect(miniature({ patches: 12 }))
      yield* runIn(root).collect(
        archive({ path: "miniature" }).pipe(split({ train: 0.8, val: 0.1 }), decode(), store())
      )
      const drawn = fc.record({
        seed: fc.nat(1000),
        size: fc.constantFrom(17, 33),
        changes: fc.constantFrom({}, { h_flip: 0.7, rotate: 0.7 }, { blur: 0.8, contrast: 0.8 }, { band_jitter: 0.3 })
      })
      const property = fc.asyncProperty(drawn, ({ changes, seed, size }) => {
        const { collect } = runIn(root, seed)
        const source = read({ split: "train", epochs: 2, shuffle: true, bands: ["B02", "B05", "B01"] })
        const steps = () => [augment(changes), crop({ size, at: "random" })] as const
        return Effect.runPromise(
          Effect.gen(function* () {
            const fused = yield* collect(source.pipe(...steps(), normalise()))
            const batches = yield* collect(source.pipe(...steps(), normalise(), batch({ size: 4 })))
            const plain = yield* collect(source.pipe(...steps()))
            const before = pixelsOf(plain)
            const expected = plain.map(({ bands, image, name }) => normalised(image, bands, BIGEARTHNET_MOMENTS, name))
            const apart = yield* collect(again(plain).pipe(normalise()))
            const kept: Array<Patch> = []
            const seen = yield* collect(source.pipe(...steps(), keeping(kept), normalise()))
            expect([fused, apart, seen].map(pixelsOf)).toEqual(new Array(3).fill(expected.map((image) => [...image])))
            expect(batches.flatMap(({ images }) => [...images])).toEqual(expected.flatMap((image) => [...image]))
            // Patches that somebody holds are unchanged.
            expect([plain, kept].map(pixelsOf)).toEqual([before, before])
          })
        )
      })
      yield* Effect.promise(() => fc.assert(property, { numRuns: 8 }))
    })
  )
})
