/** A file of the original runs as it is: an archive, a training, a test, pictures and re-ranking, on a miniature. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeModel } from "../../../src/ops/model/model.ts"
import { initialWeights } from "../../ops/model/initial.ts"
import { originalCheckpoint } from "../../ops/model/load/pytorch/pth-writer.ts"
import { type RanHere, runHere } from "../in-process.ts"
import { experimentFile, rerankFile, variants } from "./files.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const NAME = "UCM_1e-4_resnet10-slim_max_none_multiAP"
const root = join(home, "ucm")
const at = (...path: ReadonlyArray<string>) => join(root, "experiments", ...path)

/** A network and sizes for a test; the keys are the original's. */
const SMALL = [
  "model.backbone=resnet10-slim",
  "train.epochs=2",
  "train.checkpoint_step=1",
  "train.batch_size=16",
  "train.metric_loss=oml",
  "augment_config.image_size=32",
  "device=auto"
]

const written = (name: string, text: string): string => {
  const path = join(home, name)
  writeFileSync(path, text.replaceAll("ROOT", root))
  return path
}
const run = (mode: string, ...set: ReadonlyArray<string>): Promise<RanHere> =>
  runHere(written("ucm.yaml", experimentFile(variants[1])), [`mode=${mode}`, ...SMALL, ...set])

beforeAll(async () => {
  const archive = `root_dir: ${root}\npipelines: { make: [{ miniature: { kind: ucm, patches: 60, size: 32, to: "." } }] }\n`
  expect((await runHere(written("make.yaml", archive), [], { out: join(home, "make") })).error).toBe("")
  // What an experiment's own folder would hold, whoever trained it.
  mkdirSync(at("checkpoints"), { recursive: true })
  const model = makeModel({ backbone: "resnet10-slim", pooling: "max", channels: 3, num_classes: 17 })
  writeFileSync(at("checkpoints", "epoch_3.pth"), originalCheckpoint(3, initialWeights(model, 5)))
})

describe("a file of the original on a miniature of UCM", () => {
  it("prepares the lists that the original's generator draws", async () => {
    expect((await run("prepare")).error).toBe("")
    const lines = (split: string) =>
      readFileSync(join(root, `${split}.csv`), "utf8")
        .trim()
        .split("\n").length
    expect(["train", "val", "test"].map(lines)).toEqual([42, 6, 12])
  })

  it("tests a checkpoint that PyTorch wrote, and keeps the embeddings", async () => {
    const { error, folder, results, said } = await run("test")
    expect([error, folder]).toEqual(["", at("outputs", NAME)])
    expect(results).toMatchObject({ mAP: { hard: expect.any(Number) }, "ACG@20": expect.any(Number) })
    expect(said).toContain("A database image is relevant")
    expect(readdirSync(join(root, "saved")).sort()).toEqual(
      expect.arrayContaining([`${NAME}.csv`, `${NAME}.npy`, `${NAME}.predicted.csv`])
    )
    expect(readFileSync(join(root, "saved", `${NAME}.csv`), "utf8").split("\n")[0]).toMatch(/^name,airplane,/)
  })

  it("re-ranks what the test saved", async () => {
    const path = written("rerank.yaml", rerankFile("UCM", NAME))
    const { error, results } = await runHere(path, [], { out: join(home, "reranked") })
    expect([error, Object.keys(results as object)]).toEqual(["", ["plain", "qe", "aqe", "ja"]])
    expect(readFileSync(join(home, "reranked", "report.html"), "utf8")).toContain("labels of the database")
  })

  it("draws the first queries, files named by number and summed similarity", async () => {
    const { error, folder } = await run("visualize", "test.retrieval.visualize=3")
    expect([error, folder]).toEqual(["", at("outputs", `${NAME}_visualize`)])
    const pictures = readdirSync(join(folder, "strips")).filter((name) => name.endsWith(".png"))
    expect(pictures.length).toBe(2)
    for (const name of pictures) expect(name).toMatch(/^[01]_\d\.\d\d\.png$/)
  })

  it("trains, with checkpoints where the original has them, and tests its own", async () => {
    const { error, folder } = await run("train")
    expect([error, folder]).toEqual(["", at("summary", NAME)])
    expect(readdirSync(at("checkpoints", NAME)).some((name) => /^epoch_0*2\.safetensors$/.test(name))).toBe(true)
    expect(lstatSync(join(folder, "checkpoints")).isSymbolicLink()).toBe(true)
    expect(existsSync(join(folder, "curve.csv"))).toBe(true)
    expect((await run("train")).said).toContain("train: done before, skipped")
    const own = [`test.ckpt_directory=${at("checkpoints", NAME)}`, `test.save_path=${join(home, "own.npy")}`]
    const other = await run("test", ...own)
    expect(other.error).toContain("belongs to another configuration")
    rmSync(at("outputs", NAME), { recursive: true })
    expect((await run("test", ...own)).error).toBe("")
    expect(existsSync(join(home, "own.csv"))).toBe(true)
  })
})
