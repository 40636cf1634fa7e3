import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { expect } from "vitest"
import { crop } from "../../../src/ops/data/patches/crop.ts"
import { normalise } from "../../../src/ops/data/patches/normalise.ts"
import { resize } from "../../../src/ops/data/patches/resize.ts"
import { Patch, type TrainState, TrainStep } from "../../../src/ops/elements.ts"
import { describeOnnx } from "../../../src/ops/formats/onnx/describe.ts"
import { fillNetwork } from "../../../src/ops/model/load/load.ts"
import { openWeightFile } from "../../../src/ops/model/load/open.ts"
import { readSafetensors } from "../../../src/ops/model/load/safetensors.ts"
import { bytesSource } from "../../../src/ops/model/load/source.ts"
import { makeModel } from "../../../src/ops/model/model.ts"
import { publish } from "../../../src/ops/model/publish.ts"
import { fingerprint } from "../../../src/ops/model/weights/fingerprint.ts"
import { openNetwork } from "../../../src/ops/model/weights/network-file.ts"
import { knownNetwork } from "../../../src/ops/onnx/params.ts"
import { toStream } from "../../../src/pipeline/interpret.ts"
import { operator, source } from "../../../src/pipeline/operator.ts"
import { effect } from "../../effect.ts"
import { opened } from "../tensor/with-engine.ts"
import { services, temporaryFolder, tiny } from "../train/harness.ts"
import { initialWeights } from "./initial.ts"
import { sameBits } from "./recorded.ts"

const model = makeModel(tiny)
const step = (epoch: number, ended: boolean): TrainStep => ({
  kind: "step",
  epoch,
  step: epoch,
  images: 1,
  learningRate: 1,
  loss: 0,
  idLoss: 0,
  metricLoss: 0,
  floor: 0,
  validation: undefined,
  state: ended
    ? {
        epoch: epoch + 1,
        step: epoch,
        learningRate: 1,
        schedule: {},
        seed: 1,
        configuration: { metric_loss: "oml" },
        images: { height: 40, width: 33 },
        network: { model: model.params, bands: ["B08", "B04"], classes: ["a", "b", "c"] },
        weights: initialWeights(model, epoch),
        moments: []
      }
    : undefined
})

const published = (steps: ReadonlyArray<TrainStep>, params: Parameters<typeof publish>[0]) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const engine = yield* Effect.promise(() => opened("cpu"))
    const given = source({
      name: "given",
      about: "Steps for tests.",
      to: TrainStep,
      params: {},
      run: () => Stream.fromIterable(steps)
    })
    const pipeline = given().pipe(publish(params))
    const passed = yield* Stream.runCollect(toStream(pipeline)).pipe(Effect.provide(services(folder, engine)))
    return { folder, path: join(folder, params?.to ?? "weights.safetensors"), passed: [...passed] }
  })

effect("publish passes all steps and writes the weights of the last epoch", () =>
  Effect.gen(function* () {
    const steps = [step(0, false), step(0, true), step(1, false), step(1, true)]
    const { path, passed } = yield* published(steps, { to: "deep/out.safetensors" })
    expect(passed).toEqual(steps)
    const { tensors, facts, close } = openWeightFile(path)
    expect(facts).toMatchObject({ architecture: model.params, bands: ["B08", "B04"], classes: ["a", "b", "c"] })
    expect(facts.fingerprint).toBe(fingerprint(initialWeights(model, 1)))
    for (const { name, data } of initialWeights(model, 1)) {
      const tensor = tensors.find((one) => one.name === name)
      expect([name, sameBits(tensor?.floats() ?? new Float32Array(0), data)]).toEqual([name, true])
    }
    close()
  })
)

/** Passes patches as steps: what `publish` looks at is what stands before it. */
const learn = operator({
  name: "learn",
  about: "Makes steps of patches for tests.",
  from: Patch,
  to: TrainStep,
  params: {},
  run: () => () => Stream.succeed(step(0, true))
})

effect("publish says in the manifest what the weights are for, and how pixels were scaled", () =>
  Effect.gen(function* () {
    const manifest = (path: string) =>
      JSON.parse(readSafetensors(bytesSource(new Uint8Array(readFileSync(path)))).metadata.manifest)
    const folder = yield* temporaryFolder
    const engine = yield* Effect.promise(() => opened("cpu"))
    const patches = source({ name: "patches", about: "None.", to: Patch, params: {}, run: () => Stream.empty })
    const v1 = { by: "bigearthnet", mean: [2218.94553375, 590.23569706], std: [1365.45589904, 675.88746967] }
    const scaled = [
      [patches().pipe(learn()), { by: "none" }],
      [patches().pipe(normalise({ by: "bigearthnet" }), learn()), v1],
      // Constants of ImageNet are of other bands.
      [patches().pipe(normalise({ by: "imagenet" }), learn()), { by: "imagenet" }]
    ] as const
    for (const [pipeline, expected] of scaled) {
      yield* Stream.runDrain(toStream(pipeline.pipe(publish({ to: "scaled", licence: "CC-BY-4.0" })))).pipe(
        Effect.provide(services(folder, engine))
      )
      const found = manifest(join(folder, "scaled"))
      expect(found).toEqual({
        format: "orbitrank weights 2",
        architecture: { ...model.params, parts: [[1, 1, 1]], embedding_dim: null },
        bands: ["B08", "B04"],
        classes: ["a", "b", "c"],
        normalisation: expected,
        input: { height: 40, width: 33, sizing: [] },
        fingerprint: fingerprint(initialWeights(model, 0)),
        licence: "CC-BY-4.0",
        training: { experiment: "test", epochs: 1, steps: 0, seed: 1, parameters: { metric_loss: "oml" } },
        versions: found.versions
      })
      expect(Object.keys(found.versions)).toEqual(["orbitrank", "node", "engine"])
    }
    const sized = patches().pipe(
      resize({ size: 96 }),
      crop({ size: 64, at: "random" }),
      learn(),
      publish({ to: "sized" })
    )
    yield* Stream.runDrain(toStream(sized)).pipe(Effect.provide(services(folder, engine)))
    expect(manifest(join(folder, "sized")).input.sizing).toEqual([{ resize: 96 }, { crop: 64 }])
    const { path } = yield* published([step(0, true)], { to: "said.safetensors", normalisation: "by hand" })
    expect(manifest(path).normalisation).toEqual({ by: "by hand" })
  })
)

effect("publish writes the network as ONNX, with the facts that `embed` needs", () =>
  Effect.gen(function* () {
    const { folder } = yield* published([step(0, true)], { as: "onnx" })
    const described = describeOnnx(join(folder, "weights.onnx"))
    expect(described.inputs).toEqual([{ name: "images", type: "float32", shape: ["n", 2, 40, 33] }])
    expect(JSON.parse(described.metadata.orbitrank)).toEqual({
      output: "embeddings",
      layout: "nchw",
      bands: ["B08", "B04"]
    })
    expect(JSON.parse(described.metadata.manifest).format).toBe("orbitrank weights 2")
    const { facts } = knownNetwork(join(folder, "weights.onnx"))
    expect(facts.bands).toEqual(["B08", "B04"])
    // Without constants the graph cannot normalise; without a size there is no graph.
    const unknown = { as: "onnx", normalise: true, normalisation: "by hand" } as const
    expect((yield* Effect.flip(published([step(0, true)], unknown))).message).toContain(
      "constants of the normalisation by hand"
    )
    const old = step(0, true)
    const sizeless = { ...old, state: { ...(old.state as TrainState), images: undefined } } as unknown as TrainStep
    expect((yield* Effect.flip(published([sizeless], { as: "onnx" }))).message).toContain(
      "the size of the images is unknown"
    )
  })
)

effect("publish writes a library's names, and a model card with the figures of validation", () =>
  Effect.gen(function* () {
    const big = makeModel({ ...tiny, backbone: "resnet18" })
    const weights = initialWeights(big, 3)
    const given = step(0, true)
    const state = given.state as TrainState
    const trained: TrainStep = {
      ...given,
      validation: { "mAP/easy": 0.5, "mAP/hard": Number.NaN },
      state: { ...state, network: { ...state.network, model: big.params }, weights }
    }
    const { folder, path } = yield* published([trained], { names: "library", card: "README.md", licence: "MIT" })
    const { tensors, close } = openWeightFile(path)
    const names = tensors.map(({ name }) => name)
    for (const name of ["conv1.weight", "bn1.running_mean", "layer4.1.bn2.bias", "fc.weight"])
      expect(names).toContain(name)
    close()
    // The file is read here again, under its own facts.
    const { arrays, facts } = openNetwork(path)
    expect(facts.licence).toBe("MIT")
    arrays.forEach(({ data }, i) => {
      expect(sameBits(data, weights[i].data)).toBe(true)
    })
    const card = readFileSync(join(folder, "README.md"), "utf8")
    expect(card).toMatch(/^---\nlicense: mit\nlibrary_name: orbitrank\n/)
    expect(card).toContain("| mAP/easy | 0.5000 |\n| mAP/hard | undefined |")
    expect(card).toContain("network = torchvision.models.resnet18(weights=None)")
    expect(card).toContain(facts.fingerprint ?? "?")
    expect((yield* Effect.flip(published([step(0, true)], { names: "library" }))).message).toContain(
      "torchvision and timm have no network like this resnet10-slim"
    )
  })
)

effect("publish writes an EfficientNet under torchvision's names, which only the file's own facts allow to read", () =>
  Effect.gen(function* () {
    const model = makeModel({ ...tiny, backbone: "efficientnet-b1" })
    const weights = initialWeights(model, 3)
    const given = step(0, true)
    const state = given.state as TrainState
    const named = { ...state, network: { ...state.network, model: model.params }, weights }
    const { path } = yield* published([{ ...given, state: named }], { names: "library" })
    const { tensors, close } = openWeightFile(path)
    const names = tensors.map(({ name }) => name)
    for (const name of [
      ...["features.0.0.weight", "features.0.1.running_var", "features.8.0.weight", "classifier.weight"],
      // The first stage of b1 has two blocks without expansion, the second three with it.
      ...["features.1.1.block.0.0.weight", "features.1.0.block.1.fc1.bias", "features.1.0.block.2.1.weight"],
      ...["features.2.2.block.0.0.weight", "features.2.0.block.2.fc2.weight", "features.7.1.block.3.1.bias"]
    ])
      expect(names).toContain(name)
    expect(new Set(names).size).toBe(names.length)
    const { arrays } = openNetwork(path)
    arrays.forEach(({ data }, i) => {
      expect(sameBits(data, weights[i].data)).toBe(true)
    })
    const stranger = { tensors, facts: { architecture: {}, bands: undefined, classes: undefined } }
    expect(fillNetwork(model, weights, stranger).report.missing).not.toEqual([])
    close()
    const original = { ...named, network: { ...named.network, model: { ...model.params, compat: "original" } } }
    expect((yield* Effect.flip(published([{ ...given, state: original }], { names: "library" }))).message).toContain(
      "torchvision and timm have no network like this efficientnet-b1"
    )
  })
)

effect("publish writes figures with their intervals into the model card, and the command that computed them", () =>
  Effect.gen(function* () {
    const validation = {
      ...{ "mAP.hard": 0.45678, "mAP 95% low.hard": 0.44714, "mAP 95% high.hard": 0.46689 },
      ...{ "ACG@20": 1.25, "ACG@20 95% low": 1.2, "ACG@20 95% high": 1.3, "nDCG@20": 0.5 }
    }
    const { folder } = yield* published([{ ...step(0, true), validation }], { card: "README.md" })
    const card = readFileSync(join(folder, "README.md"), "utf8")
    expect(card).toContain(
      "| mAP.hard | 0.457 [0.447, 0.467] |\n| ACG@20 | 1.250 [1.200, 1.300] |\n| nDCG@20 | 0.5000 |\n\n"
    )
    expect(card).toContain("The brackets hold 95 % confidence intervals")
    expect(card).toMatch(/The command under Training computes them\.\n[\s\S]*## Training\n\n```sh\nnpx tsx /)
    const plain = yield* published([{ ...step(0, true), validation: { "nDCG@20": 0.5 } }], { card: "README.md" })
    expect(readFileSync(join(plain.folder, "README.md"), "utf8")).toContain("They have no confidence intervals")
  })
)

effect("publish says which file it cannot write", () =>
  Effect.gen(function* () {
    const { message } = yield* Effect.flip(published([step(0, true)], { to: "/dev/null/weights" }))
    expect(message).toMatch(/^\/dev\/null\/weights: cannot be written .* Make room, or name another file in `to`\.$/)
  })
)
