/** Weights of files, in the order of the run: what is told, what is refused, and what comes out of the network. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { NamedArray } from "../../../../src/ops/elements.ts"
import { mappingOf } from "../../../../src/ops/model/architecture.ts"
import { placesOf, withInputs, withRows } from "../../../../src/ops/model/load/arrange.ts"
import { writeSafetensors } from "../../../../src/ops/model/load/safetensors.ts"
import { drawnWeights, type Model, makeModel } from "../../../../src/ops/model/model.ts"
import type { ModelParams, WeightsFile, WeightsMapping } from "../../../../src/ops/model/params.ts"
import { exportWeights } from "../../../../src/ops/model/weights/export.ts"
import { fingerprint } from "../../../../src/ops/model/weights/fingerprint.ts"
import { type Needs, startingWeights, weightsOfFile } from "../../../../src/ops/model/weights/start.ts"
import { uploadArrays } from "../../../../src/ops/model/weights/tensors.ts"
import { embed } from "../../../../src/ops/retrieve/embeddings/embed.ts"
import { Run } from "../../../../src/ops/run.ts"
import type { Engine } from "../../../../src/ops/tensor/engine.ts"
import { checkpoint } from "../../../../src/ops/train/checkpoint.ts"
import { optimise } from "../../../../src/ops/train/optimise.ts"
import { drain, toStream } from "../../../../src/pipeline/interpret.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"
import { noise, opened } from "../../tensor/with-engine.ts"
import { batches, services, temporaryFolder, tiny } from "../../train/harness.ts"
import { initialWeights } from "../initial.ts"
import { sameBits } from "../recorded.ts"

const folder = mkdtempSync(join(tmpdir(), "orbitrank-start-"))
afterAll(() => rmSync(folder, { recursive: true }))

/** The ten bands that this project reads, and the order of reBEN's networks. */
const OURS = ["B02", "B03", "B04", "B08", "B05", "B06", "B07", "B8A", "B11", "B12"]
const REBEN = ["B02", "B03", "B04", "B08", "B05", "B06", "B07", "B11", "B12", "B8A"]
const CLASSES = ["Urban fabric", "Arable land", "Pastures"]
const target = { bands: OURS, classes: CLASSES }
const params = { backbone: "resnet10-slim", pooling: "avg", channels: 10, num_classes: 3 } as const
const theirs = drawnWeights(makeModel(params), 3)

const of = (arrays: ReadonlyArray<NamedArray>, name: string): Float32Array =>
  arrays.find((array) => array.name === name)?.data as Float32Array

const save = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}
const published = (name: string, about: object = {}, arrays = theirs): string => {
  const model = makeModel(params)
  const facts = { architecture: model.params, bands: OURS, classes: CLASSES, normalisation: "none", versions: {} }
  return save(name, exportWeights(arrays, { ...facts, ...about }))
}

/** As timm names a ResNet, inside of a wrapper, with a classifier of our number of classes. */
const reben = (name: string): string => {
  const renamed = theirs
    .filter(({ name: own }) => own.startsWith("encoder."))
    .map((array) => ({
      ...array,
      name: `model.vision_encoder.${array.name
        .replace("encoder.encoder_block0.0", "conv1")
        .replace("encoder.encoder_block0.1", "bn1")
        .replace(/encoder\.encoder_block(\d)/, "layer$1")}`
    }))
  const fc = of(theirs, "head.head.fc.weight")
  const all = [
    ...renamed,
    { name: "model.vision_encoder.fc.weight", shape: [3, 256], data: fc },
    { name: "model.vision_encoder.fc.bias", shape: [3], data: new Float32Array(3) }
  ]
  return save(name, writeSafetensors(all as Parameters<typeof writeSafetensors>[0], {}))
}

const started = (pretrained: WeightsMapping | string, given: Partial<ModelParams> = {}, to = target) =>
  Effect.gen(function* () {
    const fake = yield* fakeRun
    const model = makeModel({ ...params, ...given, pretrained })
    const { arrays, classes } = yield* startingWeights(model, to, "embeddings").pipe(
      Effect.provideService(Run, fake.run)
    )
    return { arrays, classes, said: fake.said, recorded: fake.recorded }
  })
const refused = (...given: Parameters<typeof started>) =>
  Effect.map(Effect.flip(started(...given)), ({ message }) => message)

describe("the order of names", () => {
  it("is found for the same names alone, and taking from it gives each its own", () => {
    const names = fc.uniqueArray(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(names, fc.array(fc.nat()), (file, keys) => {
        const ours = file
          .map((name, i) => [keys[i] ?? 0, name] as const)
          .sort(([a], [b]) => a - b)
          .map(([, name]) => name)
        const places = placesOf(ours, file) ?? []
        expect(places.map((place) => file[place])).toEqual(ours)
        expect(placesOf(ours.slice(1), file)).toBeUndefined()
        expect(placesOf([...ours.slice(1), "elsewhere"], file)).toBeUndefined()
        expect(placesOf(ours, [...file.slice(1), file[0], file[0]])).toBeUndefined()
        // A matrix whose rows hold their own numbers, and a filter whose inputs do.
        const rows = withRows(Float32Array.from(file.flatMap((_, i) => [i, i])), places)
        expect([...rows]).toEqual(places.flatMap((place) => [place, place]))
        const filter = Float32Array.from([0, 100].flatMap((base) => file.flatMap((_, i) => [base + i, base + i])))
        expect([...withInputs(filter, 2, places)]).toEqual(
          [0, 100].flatMap((base) => places.flatMap((place) => [base + place, base + place]))
        )
      })
    )
  })
})

describe("networks with their bands and classes in another order", () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened("wasm")
  })

  /** Logits of one image whose bands stand in the order `bands`. */
  const logits = (model: Model, arrays: ReadonlyArray<NamedArray>, bands: ReadonlyArray<string>): Float32Array => {
    const weights = uploadArrays(engine, arrays)
    const size = 20 * 20
    const planes = new Map(OURS.map((band, i) => [band, noise([size], i).data]))
    const pixels = Float32Array.from({ length: size * bands.length }, (_, i) => {
      return planes.get(bands[i % bands.length])?.[Math.floor(i / bands.length)] ?? 0
    })
    const found = engine.scope(() => {
      const pass = { engine, get: weights.get, observe: undefined }
      return engine.read(model.predict(pass, engine.tensor(pixels, [1, 20, 20, bands.length])).logits)
    })
    weights.dispose()
    return found
  }

  it("give the same for each class: reBEN's order of bands, and classes in alphabetical order", () =>
    Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const file = reben("reben.safetensors")
          const { arrays, said, recorded } = yield* started({ file, bands: REBEN, classes: "alphabetical" })
          const expected = logits(makeModel(params), theirs, REBEN)
          const sorted = [...CLASSES].sort()
          const got = logits(makeModel(params), arrays, OURS)
          CLASSES.forEach((name, i) => {
            expect(got[i]).toBeCloseTo(expected[sorted.indexOf(name)], 4)
          })
          expect(said).toEqual([
            `  weights of reben.safetensors: ${theirs.length} arrays loaded; 0 missing, 0 unexpected, 0 of another shape; set aside: model.vision_encoder.fc.bias; bands put in order, in the file ${REBEN.join(", ")}; classes put in order, in the file ${sorted.join(", ")}`
          ])
          expect(recorded["weights.reben_safetensors"]).toMatchObject({ file, loaded: theirs.length, bands: REBEN })
        })
      )
    ))

  effect("are put in order where the file itself names them", () =>
    Effect.gen(function* () {
      const [bands, classes] = [[...OURS].reverse(), [...CLASSES].reverse()]
      const { arrays, said } = yield* started(published("reverse.safetensors", { bands, classes }))
      const expected = logits(makeModel(params), theirs, bands)
      const got = logits(makeModel(params), arrays, OURS)
      got.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[2 - i], 4)
      })
      expect(said[0]).toContain(`bands put in order, in the file ${bands.join(", ")}`)
    })
  )
})

describe("files that say too little, or something else", () => {
  effect("are refused where the order of bands is not known, or is of other bands", () =>
    Effect.gen(function* () {
      const file = reben("order.safetensors")
      expect(yield* refused(file)).toMatch(
        /has a first filter of 10 bands, and does not say in which order; give the file as `\{ file: FILE, bands: /
      )
      expect(yield* refused({ file, bands: OURS.slice(1) })).toContain("has a first filter of 10 bands, not of B03, ")
      const other = [...OURS.slice(1), "B01"]
      expect(yield* refused({ file, bands: other })).toContain(
        `takes the bands ${other.join(", ")}, but images here have ${OURS.join(", ")}`
      )
      expect(yield* refused({ file: published("own.safetensors"), bands: REBEN })).toContain(
        `says that its bands are ${OURS.join(", ")}, not ${REBEN.join(", ")}`
      )
    })
  )

  effect("are refused for other classes, or another network", () =>
    Effect.gen(function* () {
      const classes = ["Urban fabric", "Arable land", "Vineyards"]
      expect(yield* refused(published("classes.safetensors", { classes }))).toContain(
        "knows 3 classes, but the labels here have 3; Pastures is in only one of the two lists"
      )
      const architecture = { ...makeModel(params).params, pooling: "gem" }
      expect(yield* refused(published("pooling.safetensors", { architecture }))).toContain(
        "was trained with another network: pooling gem, not avg"
      )
      expect(yield* refused(published("deep.safetensors"), { backbone: "resnet18" })).toContain(
        "was trained with another network: backbone resnet10-slim, not resnet18"
      )
    })
  )

  effect("serve another head where `skip: head` says so", () =>
    Effect.gen(function* () {
      const file = published("skip.safetensors", { classes: ["a", "b", "c"] })
      const given = { num_classes: 5, pooling: "max" } as const
      expect(yield* refused(file, given)).toContain("another network: pooling avg, not max")
      const { arrays, said } = yield* started({ file, skip: "head" }, given, { ...target, classes: [..."vwxyz"] })
      expect(sameBits(of(arrays, "encoder.encoder_block0.0.weight"), theirs[0].data)).toBe(true)
      const drawn = drawnWeights(makeModel({ ...params, ...given }), 7)
      expect(sameBits(of(arrays, "head.head.fc.weight"), of(drawn, "head.head.fc.weight"))).toBe(true)
      expect(said[0]).toContain("0 missing, 0 unexpected, 0 of another shape; set aside: head.head.fc.weight")
    })
  )

  effect("of three colours serve colours by name, and others in their place", () =>
    Effect.gen(function* () {
      const rgb = { ...params, channels: 3 }
      const arrays = drawnWeights(makeModel(rgb), 4)
      const file = save("rgb.safetensors", writeSafetensors(arrays as Parameters<typeof writeSafetensors>[0], {}))
      const filter = (given: ReadonlyArray<NamedArray>) => given[0].data as Float32Array
      const same = yield* started(file, rgb, { ...target, bands: ["Red", "Green", "Blue"] })
      expect(sameBits(filter(same.arrays), filter(arrays))).toBe(true)
      const turned = yield* started(file, rgb, { ...target, bands: ["B02", "B03", "B04"] })
      expect(sameBits(filter(turned.arrays), withInputs(filter(arrays), 32, [2, 1, 0]))).toBe(true)
      const infrared = yield* started(file, rgb, { ...target, bands: ["B08", "B04", "B03"] })
      expect(sameBits(filter(infrared.arrays), filter(arrays))).toBe(true)
      expect(infrared.said[0]).toContain("the first filter, of three colours, serves B08, B04, B03")
    })
  )
})

describe("embedding with a file", () => {
  const model = makeModel(params)
  const read = (weights: WeightsFile, given = model, to = target, needs: Needs = "embeddings") =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      return yield* weightsOfFile(mappingOf(weights), given, to, needs).pipe(Effect.provideService(Run, fake.run))
    })

  effect("takes the backbone of a collection where nothing else makes embeddings", () =>
    Effect.gen(function* () {
      const arrays = theirs
        .filter(({ name }) => name.startsWith("encoder."))
        .map((array, i) => ({
          ...array,
          ...(i === 0 ? { shape: [32, 3, 7, 7], data: new Float32Array(32 * 3 * 49).fill(0.1) } : {}),
          name: array.name
            .replace("encoder.encoder_block0.0", "conv1")
            .replace("encoder.encoder_block0.1", "bn1")
            .replace(/encoder\.encoder_block(\d)/, "layer$1")
        }))
      const file = save("bare.safetensors", writeSafetensors(arrays as Parameters<typeof writeSafetensors>[0], {}))
      expect((yield* read(file)).arrays.length).toBe(theirs.length)
      const refusedOf = (given: Partial<ModelParams>) =>
        Effect.gen(function* () {
          const { message } = yield* Effect.flip(read(file, makeModel({ ...params, ...given })))
          // The same file as `weights: initial` takes it; training may start from it.
          expect(yield* refused(file, given)).toBe(message)
          const { run } = yield* fakeRun
          const model = makeModel({ ...params, ...given, pretrained: file })
          yield* startingWeights(model, target, "nothing").pipe(Effect.provideService(Run, run))
          return message
        })
      expect(yield* refusedOf({ embedding_dim: 8 })).toBe(
        `${file}: gives the backbone alone, and embeddings need head.projection.weight too. Embed by the single head without \`embedding_dim\`, or train first, from \`pretrained\`.`
      )
      expect(yield* refusedOf({ module: "cbam" })).toMatch(
        /embeddings need \S*ChannelGate\S* of `module: cbam` too\. Embed without `module`, or train first/
      )
      expect(yield* refusedOf({ module: "da" })).toContain("of `module: da` too")
      expect(yield* refusedOf({ module: "da", parts: [[1, 2, 1]] })).toMatch(
        /of `module: da` and head\.head\.bnneck_pack\.0\.fc1\.weight too\. Embed without `module` and by the single head/
      )
      expect((yield* read(file, makeModel({ ...params, pooling: "gem" }))).arrays.length).toBeGreaterThan(theirs.length)
    })
  )

  effect("chooses among the arrays of a file as `pretrained` does", () =>
    Effect.gen(function* () {
      const copies = ["encoder_q.", "encoder_k."].flatMap((prefix, i) =>
        (i === 0 ? theirs : drawnWeights(model, 9)).map((array) => ({ ...array, name: `${prefix}${array.name}` }))
      )
      const extra = { name: "criterion.centres", shape: [2], data: new Float32Array(2) }
      const all = [...copies, extra] as Parameters<typeof writeSafetensors>[0]
      const file = save("two.safetensors", writeSafetensors(all, {}))
      expect((yield* Effect.flip(read(file))).message).toContain("`{ file: FILE, prefix: ")
      const said = { prefix: "encoder_q.", bands: target.bands, classes: target.classes }
      const { arrays } = yield* read({ file, ...said })
      arrays.forEach(({ data }, i) => {
        expect(sameBits(data, theirs[i].data)).toBe(true)
      })
      const ignoring = yield* read({ ...said, file, ignore: ["encoder_q.head."], skip: "head" })
      expect(sameBits(ignoring.arrays[0].data, theirs[0].data)).toBe(true)
    })
  )

  effect("predicts no labels with a classifier that no one trained", () =>
    Effect.gen(function* () {
      const file = published("headless.safetensors")
      const headless = { file, skip: "head" } as const
      expect((yield* read(headless)).arrays.length).toBe(theirs.length)
      expect((yield* Effect.flip(read(headless, model, target, "embeddings and logits"))).message).toBe(
        `${file}: does not give head.head.fc.weight, and predicted labels need it. Omit \`predict\`, or give weights that were trained with this head on these classes.`
      )
      expect((yield* read(file, model, target, "embeddings and logits")).classes).toEqual(target.classes)
    })
  )

  effect("gives the class names of the file where images have no labels", () =>
    Effect.gen(function* () {
      const unlabelled = { ...target, classes: [] }
      const fileClasses = [...CLASSES].reverse()
      const file = published("named.safetensors", { classes: fileClasses })
      expect((yield* read(file, model, unlabelled)).classes).toEqual(fileClasses)
      expect((yield* read(file)).classes).toEqual(target.classes)
      expect((yield* started(file, {}, unlabelled)).classes).toEqual(fileClasses)
      expect((yield* started({ file, skip: "head" }, {}, unlabelled)).classes).toBeUndefined()
    })
  )

  effect("wants the same output stride", () =>
    Effect.gen(function* () {
      const strided = makeModel({ ...params, output_stride: 16 })
      expect((yield* Effect.flip(read(published("stride.safetensors"), strided))).message).toContain(
        "output_stride 32, not 16"
      )
    })
  )

  effect("gives what a checkpoint of the run gives, and the fingerprint of its weights", () =>
    Effect.gen(function* () {
      const engine = yield* Effect.promise(() => opened("wasm"))
      const run = yield* temporaryFolder
      const provided = Effect.provide(services(run, engine))
      const training = batches({ epochs: 1 }).pipe(optimise({ model: tiny }), checkpoint({}))
      yield* drain(training).pipe(provided)
      const embedded = (weights: string) =>
        Stream.runCollect(toStream(batches({ epochs: 1 }).pipe(embed({ model: tiny, weights })))).pipe(provided)
      const [newest] = yield* embedded("newest")
      const [named] = yield* embedded(join(run, "checkpoints", "epoch_0001.safetensors"))
      expect(sameBits(named.vectors, newest.vectors)).toBe(true)
      expect(named.weights).toMatch(/^[0-9a-f]{16}$/)
      expect(named.weights).toBe(newest.weights)
      const [untrained] = yield* embedded("initial")
      expect(untrained.weights).toBe(fingerprint(initialWeights(makeModel(tiny), 7)))
      expect(untrained.weights).not.toBe(newest.weights)
    })
  )
})
