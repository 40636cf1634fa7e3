import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { describe, expect } from "vitest"
import { crop } from "../../../src/ops/data/patches/crop.ts"
import { normalise } from "../../../src/ops/data/patches/normalise.ts"
import { resize } from "../../../src/ops/data/patches/resize.ts"
import { Patch } from "../../../src/ops/elements.ts"
import { asTrained } from "../../../src/ops/model/as-trained.ts"
import { drawnWeights, makeModel } from "../../../src/ops/model/model.ts"
import { exportWeights } from "../../../src/ops/model/weights/export.ts"
import { Run } from "../../../src/ops/run.ts"
import { toStream } from "../../../src/pipeline/interpret.ts"
import { source } from "../../../src/pipeline/operator.ts"
import { effect } from "../../effect.ts"
import { fakeRun } from "../fake-run.ts"
import { noise } from "../tensor/with-engine.ts"

const model = makeModel({ backbone: "resnet10-slim", pooling: "avg", channels: 2, num_classes: 3 })
const BANDS = ["B02", "B03", "B04"]

const patch = (bands: ReadonlyArray<string>): Patch => ({
  kind: "patch",
  name: "one",
  index: 0,
  epoch: 0,
  image: Float32Array.from(noise([24, 20, 3], 4).data, (value) => 1000 + 100 * value),
  height: 24,
  width: 20,
  bands,
  labels: new Uint8Array(0),
  classes: []
})

const given = (bands: ReadonlyArray<string>) =>
  source({
    name: "given",
    about: "One patch for tests.",
    to: Patch,
    params: {},
    run: () => Stream.succeed(patch(bands))
  })()

const run = <E>(patches: Stream.Stream<Patch, E, Run>) =>
  Effect.gen(function* () {
    const fake = yield* fakeRun
    const [made] = yield* Stream.runCollect(patches).pipe(Effect.provideService(Run, fake.run))
    return made
  })

const about = {
  format: "orbitrank weights 2",
  architecture: { ...model.params, parts: [[1, 1, 1]], embedding_dim: null },
  bands: ["B04", "B02"],
  classes: ["a", "b", "c"],
  normalisation: { by: "bigearthnet", mean: [590.23569706, 429.9430203], std: [675.88746967, 572.41639287] },
  input: { height: 10, width: 10, sizing: [{ resize: 16 }, { crop: 10 }] }
}

/** Weights with a manifest, in a folder that is removed. */
const weights = (manifest: object) =>
  Effect.map(fakeRun, ({ folder }) => {
    const path = join(folder, "weights.safetensors")
    writeFileSync(path, exportWeights(drawnWeights(model, 1), manifest))
    return path
  })

describe("as-trained", () => {
  effect("gives the bands, size and values of the steps that training had, to the bit", () =>
    Effect.gen(function* () {
      const file = yield* weights(about)
      const steps = given(BANDS).pipe(resize({ size: 16 }), crop({ size: 10 }), normalise({ by: "bigearthnet" }))
      const expected = yield* run(toStream(steps))
      const made = yield* run(toStream(given(BANDS).pipe(asTrained({ weights: file }))))
      expect([made.bands, made.height, made.width]).toEqual([["B04", "B02"], 10, 10])
      // Of B02, B03, B04 the third and the first.
      const picked = Float32Array.from(
        { length: 200 },
        (_, i) => expected.image[3 * Math.floor(i / 2) + (i % 2 === 0 ? 2 : 0)]
      )
      expect(made.image).toEqual(picked)
    })
  )

  effect("takes colours for the Sentinel-2 bands of that colour, and older files by the name of their constants", () =>
    Effect.gen(function* () {
      const file = yield* weights({ ...about, normalisation: "bigearthnet", input: undefined })
      const colours = yield* run(toStream(given(["Blue", "Green", "Red"]).pipe(asTrained({ weights: file }))))
      const named = yield* run(toStream(given(BANDS).pipe(asTrained({ weights: file }))))
      expect(colours.image).toEqual(named.image)
      expect([named.height, named.width]).toEqual([24, 20])
      const raw = yield* weights({ ...about, normalisation: "none", input: undefined })
      const [first, second] = (yield* run(toStream(given(BANDS).pipe(asTrained({ weights: raw }))))).image
      expect([first, second]).toEqual([patch(BANDS).image[2], patch(BANDS).image[0]])
    })
  )

  effect("says what it lacks: bands in the image, or facts in the file", () =>
    Effect.gen(function* () {
      const refused = (bands: ReadonlyArray<string>, manifest: object) =>
        Effect.gen(function* () {
          const file = yield* weights(manifest)
          return (yield* Effect.flip(run(toStream(given(bands).pipe(asTrained({ weights: file })))))).message
        })
      expect(yield* refused(["B02", "B03", "B08"], about)).toContain(
        "one: has the bands B02, B03, B08, but the network needs B04 too"
      )
      expect(yield* refused(BANDS, { ...about, normalisation: "my own" })).toContain(
        "names the normalisation my own without its constants"
      )
      expect(yield* refused(BANDS, { ...about, normalisation: undefined })).toContain(
        "does not state how images are normalised"
      )
      expect(yield* refused(BANDS, { ...about, input: { sizing: [{ crop: 30 }] } })).toContain(
        "too few for a crop of 30 x 30"
      )
    })
  )
})
