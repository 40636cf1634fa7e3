/** Labels of new images by configs/predict.yaml. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import sharp from "sharp"
import { afterAll, expect, it } from "vitest"
import { makeModel } from "../../src/ops/model/model.ts"
import { exportWeights } from "../../src/ops/model/weights/export.ts"
import { manifestOf } from "../../src/ops/model/weights/manifest.ts"
import { initialWeights } from "../ops/model/initial.ts"
import { runHere } from "./in-process.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const params = { backbone: "resnet10-slim", pooling: "avg", channels: 3, num_classes: 2 } as const

/** A file of weights, as `publish` writes it. */
const published = (): Uint8Array => {
  const model = makeModel(params)
  const weights = initialWeights(model, 1)
  const network = { model: model.params, bands: ["Red", "Green", "Blue"], classes: ["forest", "water"] }
  const state = { epoch: 1, step: 1, learningRate: 1, schedule: {}, seed: 1, configuration: {}, moments: [] }
  const about = {
    ...{ licence: undefined, experiment: "e", validation: undefined, versions: {} },
    normalisation: { by: "own", mean: [0.4, 0.4, 0.4], std: [0.2, 0.2, 0.2] },
    sizing: [{ crop: 64 }]
  }
  const images = { height: 64, width: 64 }
  return exportWeights(weights, manifestOf({ ...state, images, network, weights }, about))
}

it("configs/predict.yaml writes the labels of a folder of pictures from the weights file alone", async () => {
  const pictures = join(home, "pictures")
  mkdirSync(pictures)
  for (const name of ["a", "b"]) {
    const background = { r: name === "a" ? 200 : 20, g: 90, b: 40 }
    await sharp({ create: { width: 70, height: 70, channels: 3, background } }).toFile(join(pictures, `${name}.png`))
  }
  const out = join(home, "out")
  const weights = join(home, "w.safetensors")
  writeFileSync(weights, published())
  const { error } = await runHere(
    resolve("configs/predict.yaml"),
    [`images=${pictures}`, `root_dir=${home}`, `weights=${weights}`],
    { out }
  )
  expect(error).toBe("")
  const found = JSON.parse(readFileSync(join(out, "predictions.json"), "utf8"))
  expect(found.map(({ name }: { name: string }) => name)).toEqual(["a", "b"])
  expect(Object.keys(found[0].probabilities)).toEqual(["forest", "water"])
  expect(readFileSync(join(out, "predictions.csv"), "utf8")).toMatch(/^name,forest,water\na,0\.\d+/)
})
