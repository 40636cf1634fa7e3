/**
 * An archive of GeoTIFFs, embeddings that a network makes of them, and the explorer that embeds files by that network: by its
 * weights, or by the ONNX file that `publish` would write.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { encodeGeoTiff } from "../../src/ops/formats/tiff/write.ts"
import { drawnWeights, makeModel } from "../../src/ops/model/model.ts"
import { encodeNetwork } from "../../src/ops/model/onnx/encode.ts"
import { exportWeights } from "../../src/ops/model/weights/export.ts"
import { random } from "../../src/pipeline/random.ts"
import { runHere } from "../experiments/in-process.ts"

const EDGE = 40
const BANDS = ["1", "2", "3"] as const
const NET = { backbone: "resnet10-slim", pooling: "avg", channels: 3, num_classes: 3 } as const
const PLACE = { ulx: 600000, uly: 5000000, metres: 10, epsg: 32632 }

const ofFlow = (value: object): string => JSON.stringify(value)

/** Writes images, weights and embeddings, and runs configs/explore.yaml. */
export const exploredNetwork = async (count: number, as: "safetensors" | "onnx" = "safetensors") => {
  const home = mkdtempSync(join(tmpdir(), "orbitrank-explore-"))
  const folder = join(home, "images")
  mkdirSync(folder)
  const draw = random(4, 0, 0, "pixels")
  for (let i = 0; i < count; i++) {
    const level = 200 + 150 * i
    const pixels = Uint16Array.from({ length: EDGE * EDGE * 3 }, () => level + draw.int(800))
    writeFileSync(join(folder, `scene-${i}.tif`), encodeGeoTiff(pixels, EDGE, EDGE, PLACE))
  }
  const weights = join(home, "weights.safetensors")
  const arrays = drawnWeights(makeModel(NET), 8)
  const facts = { architecture: makeModel(NET).params, bands: BANDS, classes: ["a", "b", "c"], normalisation: "none" }
  writeFileSync(weights, exportWeights(arrays, { ...facts, versions: {} }))
  const file = join(home, "weights.onnx")
  const metadata = { orbitrank: JSON.stringify({ output: "embeddings", layout: "nchw", bands: BANDS }) }
  writeFileSync(file, encodeNetwork(makeModel(NET), arrays, { height: 32, width: 32, metadata }))
  const embedding = as === "onnx" ? { onnx: file } : { model: NET, weights }
  const config = join(home, "embed.yaml")
  const steps = [
    { images: { from: folder, bands: BANDS } },
    { crop: { size: 32, at: "centre" } },
    { normalise: { by: "constants.json" } },
    { batch: { size: 4 } },
    { embed: embedding },
    { save: { to: "embeddings" } }
  ]
  const moments = Object.fromEntries(BANDS.map((band, i) => [band, { mean: 900 + 50 * i, std: 400 }]))
  writeFileSync(join(home, "constants.json"), JSON.stringify({ format: "orbitrank normalisation 1", bands: moments }))
  writeFileSync(
    config,
    `root_dir: ${home}\npipelines:\n  made:\n${steps.map((step) => `    - ${ofFlow(step)}\n`).join("")}`
  )
  const run = join(home, "run")
  const embedded = await runHere(config, [], { out: run, fresh: true })
  if (embedded.error !== "") throw new Error(embedded.error)
  const names = readFileSync(join(run, "embeddings.csv"), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",")[0])
  const labels = join(home, "labels.csv")
  writeFileSync(labels, `name,a\n${names.map((name, i) => `${name},${i % 2}\n`).join("")}`)
  const out = join(home, "explore")
  const { error, said } = await runHere(
    resolve(import.meta.dirname, "../../configs/explore.yaml"),
    [
      ...[`embeddings=${join(run, "embeddings.npy")}`, `labels=${labels}`, `images=${folder}`, `root_dir=${home}`],
      ...[`dropped.embed=${ofFlow(embedding)}`, 'dropped.images.bands=["1","2","3"]'],
      ...["dropped.crop.size=32", "dropped.normalise.by=constants.json", "page.explore.without_network=fail"]
    ],
    { out, fresh: true }
  )
  if (error !== "") throw new Error(error)
  const copy = (i: number, name: string): string => {
    const path = join(home, name)
    copyFileSync(join(folder, `scene-${i}.tif`), path)
    return path
  }
  return { home, names, said, copy, url: pathToFileURL(join(out, "index.html")).href }
}
