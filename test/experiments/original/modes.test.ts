/** Every mode of a file of the original, for the data sets that `run.test.ts` leaves out, on miniatures. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { runHere } from "../in-process.ts"
import { experimentFile, rerankFile, type Variant, variants } from "./files.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** Sizes for a test. */
const SMALL = ["train.epochs=1", "train.batch_size=16", "augment_config.image_size=32", "device=auto"]
const BACKBONE = "model.backbone=resnet10-slim"

const written = (name: string, text: string, root: string): string => {
  const path = join(home, name)
  writeFileSync(path, text.replaceAll("ROOT", root))
  return path
}

const makeArchive = async ({ dataset }: Variant, root: string) => {
  const bands = dataset === "BigEarthNet"
  const miniature = bands
    ? "miniature: { kind: bigearthnet, patches: 120, to: BigEarthNet-v1.0 } }, split"
    : `miniature: { kind: ${dataset.toLowerCase()}, patches: 80, size: 32, to: "." } }`
  const path = written("make.yaml", `root_dir: ${root}\npipelines: { make: [{ ${miniature}] }\n`, root)
  expect((await runHere(path, [], { out: join(home, `made-${dataset}`) })).error).toBe("")
}

describe("a file of the original", () => {
  it.each(variants.filter(({ dataset }) => dataset !== "UCM"))(
    "$dataset: prepare, train, test, visualize, rerank",
    async (variant) => {
      const root = join(home, variant.dataset)
      await makeArchive(variant, root)
      const name = `${variant.dataset}_1e-4_resnet10-slim_max_none_multiAP`
      const at = (kind: string, ...path: ReadonlyArray<string>) => join(root, "experiments", kind, name, ...path)
      const config = written(`${variant.dataset}.yaml`, experimentFile(variant), root)
      const run = async (mode: string, ...set: ReadonlyArray<string>) => {
        const ran = await runHere(config, [
          `mode=${mode}`,
          `test.ckpt_directory=${at("checkpoints")}`,
          BACKBONE,
          ...SMALL,
          ...set
        ])
        expect([mode, ran.error]).toEqual([mode, ""])
        return ran
      }
      await run("prepare")
      await run("train")
      expect(readdirSync(at("checkpoints"))).toEqual(["epoch_0001.safetensors"])
      expect(readdirSync(at("summary", "summary")).join()).toContain("tfevents")
      const { results } = await run("test")
      expect(results).toMatchObject({ mAP: { easy: expect.any(Number) }, "class mAP": expect.anything() })
      expect(existsSync(at("outputs", "queries.csv"))).toBe(true)
      const { folder } = await run("visualize", "test.retrieval.visualize=3")
      expect(readFileSync(join(folder, "report.html"), "utf8")).toContain("What is found")
      const rerank = written("rerank.yaml", rerankFile.replace("dataset: 'UCM'", `dataset: '${variant.dataset}'`), root)
      const out = join(home, `reranked-${variant.dataset}`)
      const again = await runHere(rerank, ["mode=rerank"], { out })
      expect([again.error, Object.keys(again.results as object)]).toEqual(["", ["plain", "qe", "aqe", "ja"]])
      expect(again.said).toContain("ja †")
    }
  )
}, 120_000)
