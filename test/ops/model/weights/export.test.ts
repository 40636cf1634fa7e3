import { describe, expect, it } from "vitest"
import { type BackboneName, backboneNames } from "../../../../src/ops/model/backbones.ts"
import { rename } from "../../../../src/ops/model/load/names.ts"
import { readSafetensors } from "../../../../src/ops/model/load/safetensors.ts"
import { bytesSource } from "../../../../src/ops/model/load/source.ts"
import { makeModel } from "../../../../src/ops/model/model.ts"
import type { ModelParams } from "../../../../src/ops/model/params.ts"
import { exportWeights, stateDictOf } from "../../../../src/ops/model/weights/export.ts"
import { reference } from "../../../reference.ts"
import { initialWeights } from "../initial.ts"
import { sameBits, sizeOf } from "../recorded.ts"

type Keys = Readonly<Record<string, ReadonlyArray<number>>>

const files = ["vgg", "resnet", "resnet-ibn", "se", "efficientnet-a", "efficientnet-b", "efficientnet-c"]
const networks = files.flatMap((file) =>
  Object.entries(reference<Record<string, Keys>>(`state-dict-keys-${file}.json`))
)
const heads = Object.entries(reference<Record<string, Keys>>("state-dict-keys-heads.json"))

const written = (params: ModelParams) => {
  const model = makeModel(params)
  // Values do not matter here, and would take gigabytes.
  const shared = new Float32Array(0)
  return stateDictOf(model.parameters.map(({ name, shape }) => ({ name, shape, data: shared })))
}
/** Of the images: the second size of the first filter; heads, which have none, are recorded of three. */
const channelsOf = (keys: Keys): number => Object.entries(keys).find(([key]) => key.startsWith("encoder."))?.[1][1] ?? 3

const basis = (backbone: BackboneName, keys: Keys) =>
  ({
    backbone,
    pooling: "avg",
    channels: channelsOf(keys),
    num_classes: keys["head.head.fc.weight"]?.[0] ?? keys["head.head.bnneck_pack.0.fc2.weight"][0]
  }) as const

const compared = (got: ReturnType<typeof written>, keys: Keys) => {
  expect(got.map(({ name, shape }) => [name, shape])).toEqual(Object.entries(keys))
  for (const { name, data } of got) {
    expect([name, data instanceof BigInt64Array]).toEqual([name, name.endsWith("num_batches_tracked")])
  }
}

/** Options of a network out of the words that describe it: "resnet50 parts [[1,1,1]] gem dim64". */
const described = (words: string): Partial<ModelParams> => {
  const parts = /\[\[.*\]\]/.exec(words)?.[0]
  const dim = /dim(\d+)/.exec(words)?.[1]
  const module = /\b(cbam|da)\b/.exec(words)?.[1] as "cbam" | "da" | undefined
  return {
    pooling: / gem\b/.test(words) ? "gem" : "avg",
    ...(parts === undefined ? {} : { parts: JSON.parse(parts) }),
    ...(dim === undefined ? {} : { part_dim: Number(dim) }),
    ...(module === undefined ? {} : { module })
  }
}

describe("exported weights", () => {
  it.each(networks)("have the keys, shapes and types of the original: %s", (backbone, keys) => {
    expect(backboneNames).toContain(backbone)
    compared(written(basis(backbone as BackboneName, keys)), keys)
  })

  it.each(heads)("have those of its heads and modules: %s", (words, keys) => {
    const params = { ...basis(words.split(" ")[0] as BackboneName, keys), ...described(words) }
    compared(
      written(params).filter(({ name }) => !name.startsWith("encoder.")),
      keys
    )
  })

  it("are read back under our own names", () => {
    for (const [backbone, keys] of networks) {
      const model = makeModel(basis(backbone as BackboneName, keys))
      const known = model.parameters.map(({ name }) => name)
      // Written on several GPUs, all names have one more word in front.
      for (const prefix of ["", "module."]) {
        const { naming, names } = rename(
          Object.keys(keys).map((key) => prefix + key),
          known
        )
        expect(naming).toBe("own")
        expect([...names.values()].filter((name) => name !== undefined)).toEqual(known)
      }
    }
  })

  it("say what they are, and hold the same values bit for bit", () => {
    const model = makeModel({ backbone: "resnet10-slim", pooling: "gem", channels: 2, num_classes: 3 })
    const arrays = initialWeights(model, 5)
    const manifest = {
      architecture: model.params,
      bands: ["B08", "B04"],
      classes: ["water", "wood", "0"],
      normalisation: "none",
      versions: { node: "0" }
    }
    const { tensors, metadata } = readSafetensors(bytesSource(exportWeights(arrays, manifest)))
    expect(JSON.parse(metadata.manifest)).toEqual(manifest)
    expect(metadata.format).toBe("pt")
    const read = new Map(tensors.map((tensor) => [tensor.name, tensor]))
    for (const { name, shape, data } of arrays) {
      expect(read.get(name)?.shape).toEqual(shape)
      expect(sameBits(read.get(name)?.floats() ?? new Float32Array(0), data)).toBe(true)
    }
    const counters = tensors.filter(({ type }) => type === "int64")
    expect(counters.every(({ shape, values }) => sizeOf(shape) === 1 && values()[0] === 0n)).toBe(true)
    expect(counters.length).toBe(arrays.filter(({ name }) => name.endsWith("running_var")).length)
  })
})
