/** PyTorch builds and loads published networks by the lines of their model cards. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect } from "vitest"
import { makeModel } from "../../src/ops/model/model.ts"
import type { ModelParams } from "../../src/ops/model/params.ts"
import { exportWeights } from "../../src/ops/model/weights/export.ts"
import { type LibraryNetwork, libraryNetwork, underLibraryNames } from "../../src/ops/model/weights/library-names.ts"
import { type Manifest, manifestOf } from "../../src/ops/model/weights/manifest.ts"
import { modelCard } from "../../src/ops/model/weights/model-card.ts"
import { uploadArrays } from "../../src/ops/model/weights/tensors.ts"
import type { Engine } from "../../src/ops/tensor/engine.ts"
import { channelsFirst, recordedInput, ruled } from "../ops/model/recorded.ts"
import { opened } from "../ops/tensor/with-engine.ts"
import { peer } from "./python.ts"

const folder = mkdtempSync(join(tmpdir(), "orbitrank-published-"))
afterAll(() => rmSync(folder, { recursive: true }))

const networks: ReadonlyArray<readonly [string, ModelParams]> = [
  ["torchvision", { backbone: "resnet18", pooling: "avg", channels: 10, num_classes: 5 }],
  ["torchvision", { backbone: "resnet50", pooling: "max", channels: 3, num_classes: 5 }],
  ["torchvision", { backbone: "vgg16", pooling: "avg", channels: 5, num_classes: 4 }],
  ["torchvision", { backbone: "efficientnet-b0", pooling: "avg", channels: 4, num_classes: 3 }],
  ["torchvision", { backbone: "efficientnet-b3", pooling: "max", channels: 3, num_classes: 2 }],
  ["timm", { backbone: "se_resnet50", pooling: "avg", channels: 4, num_classes: 3 }],
  ["timm", { backbone: "se_resnext50_32x4d", pooling: "avg", channels: 3, num_classes: 3 }]
]

describe("a model card's lines of Python", () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened("wasm")
  })

  for (const [library, params] of networks) {
    peer(`give the network in ${library}: ${params.backbone}`, ["torch", library, "safetensors"], async (python) => {
      const model = makeModel(params)
      const weights = model.parameters.map((parameter) => ruled(parameter, { seed: 6, G: 6 }))
      const shape = [2, params.channels, 64, 64]
      const images = recordedInput(shape, 0)
      const uploaded = uploadArrays(engine, weights)
      const logits = engine.scope(() => {
        const pass = { engine, get: uploaded.get, observe: undefined }
        return engine.read(model.predict(pass, engine.tensor(images, [2, 64, 64, params.channels])).logits)
      })
      uploaded.dispose()
      writeFileSync(join(folder, "images.f32"), channelsFirst(images, shape))
      writeFileSync(join(folder, "logits.f32"), logits)

      const names = (stem: string, count: number) => Array.from({ length: count }, (_, i) => `${stem}${i}`)
      const network = {
        model: model.params,
        bands: names("B", params.channels),
        classes: names("c", params.num_classes)
      }
      const state = { epoch: 1, step: 1, learningRate: 1, schedule: {}, seed: 1, configuration: {}, moments: [] }
      const manifest: Manifest = manifestOf(
        { ...state, network, weights },
        {
          normalisation: { by: "none" },
          sizing: [],
          licence: undefined,
          experiment: "e",
          validation: undefined,
          versions: {}
        }
      )
      const named = libraryNetwork(params) as LibraryNetwork
      writeFileSync(join(folder, "w.safetensors"), exportWeights(underLibraryNames(weights, named), manifest))
      const card = {
        file: "w.safetensors",
        form: "safetensors",
        library: named,
        inside: false,
        command: "run"
      } as const
      writeFileSync(join(folder, "README.md"), modelCard(manifest, card))
      const { error } = (await python("card_network", folder, JSON.stringify(shape), folder)) as { error: number }
      expect(error).toBeLessThanOrEqual(1e-4)
    })
  }
})
