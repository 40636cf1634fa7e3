/** The original's files, none of their paths changed, on miniatures: prepare, train, test, visualize, then re-ranking. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { makeModel } from "../../../src/ops/model/model.ts"
import { initialWeights } from "../../ops/model/initial.ts"
import { originalCheckpoint } from "../../ops/model/load/pytorch/pth-writer.ts"
import { runHere } from "../in-process.ts"
import { experimentFile, publishedAid, rerankFile, type Variant, variants } from "./files.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** Sizes for a test; every other key is as in the file, and so are all paths. */
const SMALL = [
  "model.backbone=resnet10-slim",
  "train.epochs=1",
  "train.batch_size=16",
  "augment_config.image_size=32",
  "device=auto"
]

const written = (name: string, text: string, root: string): string => {
  const path = join(home, name)
  writeFileSync(path, text.replaceAll("ROOT", root))
  return path
}

/** Makes an archive where the file names it; BigEarthNet's lists go into `Splits`, as the original has them. */
const makeArchive = async ({ dataset }: Variant, root: string) => {
  const bands = dataset === "BigEarthNet"
  const size = bands ? "patches: 120" : "patches: 80, size: 32"
  const to = bands ? join(root, "BigEarthNet-v1.0") : root
  const make = `{ miniature: { kind: ${dataset.toLowerCase()}, ${size}, to: ${to} } }${bands ? ", split" : ""}`
  const lists = bands ? join(root, "Splits") : root
  const path = written("make.yaml", `root_dir: ${lists}\npipelines: { make: [${make}] }\n`, root)
  expect((await runHere(path, [], { out: join(home, `made-${root.split("/").at(-1)}`) })).error).toBe("")
}

/** An experiment in a folder of its own. */
const experiment = async (folder: string, variant: Variant) => {
  const root = join(home, folder)
  await makeArchive(variant, root)
  const name = `${variant.dataset}_1e-4_resnet10-slim_max_none_multiAP`
  const at = (kind: string, ...path: ReadonlyArray<string>) => join(root, "experiments", kind, name, ...path)
  const config = written(`${folder}.yaml`, experimentFile(variant), root)
  const run = (mode: string, ...set: ReadonlyArray<string>) => runHere(config, [`mode=${mode}`, ...SMALL, ...set])
  const runs = async (mode: string, ...set: ReadonlyArray<string>) => {
    const ran = await run(mode, ...set)
    expect([mode, ran.error]).toEqual([mode, ""])
    return ran
  }
  return { root, name, at, run, runs }
}
type Experiment = Awaited<ReturnType<typeof experiment>>

/** Tests, draws and re-ranks, as the file says. */
const afterTraining = async ({ at, name, root, runs }: Experiment, { dataset }: Variant) => {
  const { results } = await runs("test")
  expect(results).toMatchObject({ mAP: { easy: expect.any(Number) }, "class mAP": expect.anything() })
  expect(existsSync(at("outputs", "queries.csv"))).toBe(true)
  expect(readdirSync(join(root, "saved"))).toEqual(
    expect.arrayContaining([`${name}.npy`, `${name}.csv`, `${name}.predicted.csv`])
  )
  const { folder } = await runs("visualize")
  const strips = readdirSync(join(folder, "strips")).filter((file) => file.endsWith(".png"))
  expect(strips.length).toBeGreaterThan(1)
  for (const strip of strips) expect(strip).toMatch(/^(0|[1-9]\d*)_\d+\.\d\d\.png$/)
  expect(existsSync(join(folder, "report.html"))).toBe(true)
  const rerank = written("rerank.yaml", rerankFile(dataset, name), root)
  const out = join(home, `reranked-${root.split("/").at(-1)}`)
  const again = await runHere(rerank, [], { out })
  expect([again.error, Object.keys(again.results as object)]).toEqual(["", ["plain", "qe", "aqe", "ja"]])
  expect(again.said).toContain("ja †")
}

describe("a file of the original", () => {
  it.each(variants)("$dataset, trained with $metric: prepare, train, test, visualize, rerank", async (variant) => {
    const made = await experiment(variant.dataset, variant)
    await made.runs("prepare")
    await made.runs("train")
    expect(readdirSync(made.at("checkpoints"))).toEqual(["epoch_0001.safetensors"])
    expect(readdirSync(made.at("summary", "summary")).join()).toContain("tfevents")
    await afterTraining(made, variant)
  })

  it("AID as published, with proxy_ap: all but training, from the authors' checkpoint", async () => {
    const made = await experiment("AID-published", publishedAid)
    await made.runs("prepare")
    expect((await made.run("train").catch((fault: Error) => ({ error: fault.message }))).error).toContain(
      "neither its code nor orbitrank has this loss; choose one of `contrastive_avg`"
    )
    mkdirSync(made.at("checkpoints"), { recursive: true })
    const model = makeModel({ backbone: "resnet10-slim", pooling: "max", channels: 3, num_classes: 17 })
    writeFileSync(made.at("checkpoints", "epoch_60.pth"), originalCheckpoint(60, initialWeights(model, 5)))
    await afterTraining(made, publishedAid)
  })

  it("leaves the embeddings of another experiment alone", async () => {
    const root = join(home, "UCM")
    const config = join(home, "UCM.yaml")
    const before = readFileSync(join(root, "saved", "UCM_1e-4_resnet10-slim_max_none_multiAP.npy"))
    const set = [
      "mode=test",
      ...SMALL,
      "experiment=other",
      `test.ckpt_directory=${root}/experiments/checkpoints/UCM_1e-4_resnet10-slim_max_none_multiAP`
    ]
    expect((await runHere(config, set)).error).toBe("")
    const saved = readdirSync(join(root, "saved")).filter((name) => name.endsWith(".npy"))
    expect(saved).toEqual(["UCM_1e-4_resnet10-slim_max_none_multiAP.npy", "UCM_1e-4_resnet10-slim_max_none_other.npy"])
    expect(readFileSync(join(root, "saved", saved[0]))).toEqual(before)
  })
})
