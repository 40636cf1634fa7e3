/** Each file of configs/ that reads an archive, tried on a miniature of it: from the archive to the report. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { clear } from "../../../src/experiments/folder/clear.ts"
import { language } from "../../../src/experiments/plan/plan.ts"
import { runHere } from "../in-process.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const config = (name: string) => resolve(import.meta.dirname, "../../../configs", `${name}.yaml`)

interface Experiment {
  readonly name: string
  /** Where the configuration looks for the archive, under `root_dir`. */
  readonly archive: string
  readonly size?: number
  readonly patches?: number
  /** The lists are given with the archive, so they are made with the miniature. */
  readonly lists?: boolean
  readonly set: ReadonlyArray<string>
}
/** In so few validation patches there may be none alike, so that mAP is not defined. */
const BEST = "train.best.figure=ACG@100"
const experiments: ReadonlyArray<Experiment> = [
  { name: "bigearthnet", archive: "BigEarthNet-v1.0", lists: true, patches: 160, set: [BEST] },
  { name: "ucm", archive: ".", size: 32, set: ["size.resize.size=32", "train.checkpoint.checkpoint_step=1", BEST] },
  { name: "aid", archive: ".", size: 40, set: ["size.resize.size=32"] },
  { name: "whdld", archive: ".", size: 32, set: ["size.resize.size=32", BEST] }
]

/** Smaller than any experiment: what is tried is that every step is there and fits. */
const SMALL = ["net.backbone=resnet10-slim", "epochs=1", "few=16", "many=16", "trained.strips.queries=2"]

const makeArchive = async ({ archive, lists = false, name, patches = 64, size }: Experiment, root: string) => {
  const file = join(home, `${name}-archive.yaml`)
  const miniature = `miniature: { kind: ${name}, patches: ${patches}, to: ${archive}${size === undefined ? "" : `, size: ${size}`} }`
  writeFileSync(file, `root_dir: ${root}\npipelines: { make: [{ ${miniature} }${lists ? ", split" : ""}] }\n`)
  expect((await runHere(file, [], { out: join(home, `${name}-made`) })).error).toBe("")
}

/** Where the other files of configs/ are tried. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  compare: "experiments/compare.test.ts",
  compression: "experiments/compression.test.ts",
  evaluate: "experiments/evaluate.test.ts",
  explore: "ops/show/explore/explore.test.ts",
  "explore-onnx": "browser/explore-onnx.test.ts",
  export: "ops/data/stores/export.test.ts",
  hashing: "experiments/sweep/sweeps-of-configs.test.ts",
  inspect: "ops/data/inspect/inspect.test.ts",
  onnx: "experiments/onnx.test.ts",
  "onnx-clip": "experiments/onnx.test.ts",
  "onnx-dinov2": "experiments/onnx.test.ts",
  "onnx-dofa": "experiments/onnx.test.ts",
  "onnx-prithvi": "experiments/onnx.test.ts",
  "onnx-timm": "experiments/onnx.test.ts",
  predict: "experiments/predict.test.ts",
  quickstart: "experiments/learning.test.ts",
  rerank: "experiments/rerank.test.ts",
  search: "experiments/search.test.ts",
  sweep: "experiments/sweep/sweep.test.ts",
  "sweep-hashing": "experiments/sweep/sweeps-of-configs.test.ts",
  "sweep-losses": "experiments/sweep/sweeps-of-configs.test.ts",
  "sweep-sampler": "experiments/sweep/sweeps-of-configs.test.ts",
  "sweep-training": "experiments/sweep/sweeps-of-configs.test.ts",
  verify: "ops/data/stores/verify.test.ts"
}

/** Files of a run that `--fresh` would not remove, because neither the record nor an operator knows of them. */
const leftBy = (run: string): ReadonlyArray<string> => {
  const copy = `${run}-copy`
  cpSync(run, copy, { recursive: true })
  const operators = new Map(language.operators.map((operator) => [operator.name, operator] as const))
  clear(copy, { settings: {}, pipelines: {} }, operators)
  return readdirSync(copy, { recursive: true, encoding: "utf8" })
}

describe("configurations", () => {
  const names = readdirSync(resolve(import.meta.dirname, "../../../configs")).map((file) => file.replace(/\.yaml$/, ""))

  it("are all tried: here, or in a test that names them", () => {
    expect(
      ["audit", "folder", "search-image", ...experiments.map(({ name }) => name), ...Object.keys(ELSEWHERE)].sort()
    ).toEqual([...names].sort())
    for (const [name, test] of Object.entries(ELSEWHERE)) {
      expect([name, readFileSync(resolve(import.meta.dirname, "../..", test), "utf8")]).toEqual([
        name,
        expect.stringMatching(new RegExp(`["/]${name}(\\.yaml)?"`))
      ])
    }
  })

  it.each(names)("%s says what it does and how it is called", (name) => {
    const [what, call, ...more] = readFileSync(config(name), "utf8").split("\n")
    const comment = [what, call, ...more.slice(0, 2)].join("\n")
    expect(what).toMatch(/^# [A-Z].{20,}/)
    expect(comment).toContain(`#   npx tsx src/experiments/run.ts configs/${name}.yaml`)
  })

  it.each(experiments)("$name, from archive to report", async (experiment) => {
    const root = join(home, experiment.name)
    await makeArchive(experiment, root)
    const out = join(home, `${experiment.name}-run`)
    const set = [`root_dir=${root}`, ...SMALL, ...experiment.set]
    const { error, results, said } = await runHere(config(experiment.name), set, { out })
    expect(error).toBe("")
    const figures = (results as Readonly<Record<string, Readonly<Record<string, unknown>>>>).trained
    expect(figures).toMatchObject({
      mAP: { easy: expect.any(Number) },
      "nDCG@100": expect.any(Number),
      "class mAP": {}
    })
    const html = readFileSync(join(out, "report.html"), "utf8")
    for (const part of ["Retrieval quality", "Training", "Example results"]) expect(html).toContain(part)
    const files = ["embeddings.npy", "queries.csv", "strips/strips.json", "summary/events.out.tfevents.orbitrank"]
    if (experiment.set.includes(BEST)) files.push("checkpoints/best.safetensors")
    for (const file of files) expect([file, existsSync(join(out, file))]).toEqual([file, true])
    expect(said).toMatch(/mAP +easy/)
    expect(leftBy(out)).toEqual([])
  })

  it.each(["folder", "arrays"])("folder, for one's own %s, from archive to report", async (kind) => {
    const root = join(home, `own-${kind}`)
    await makeArchive({ name: kind, archive: "images", patches: 40, size: 40, set: [] }, root)
    const out = join(home, `own-${kind}-run`)
    const small = ["net.backbone=resnet10-slim", "net.num_classes=6", "size=32", "epochs=1", "trained.strips.queries=2"]
    const { error, results } = await runHere(config("folder"), [`root_dir=${root}`, `kind=${kind}`, ...small], { out })
    expect(error).toBe("")
    expect(results).toMatchObject({ trained: { "nDCG@100": expect.any(Number) } })
    const constants = JSON.parse(readFileSync(join(root, "normalisation.json"), "utf8"))
    expect(JSON.stringify(constants)).toContain("Blue")
    for (const file of ["report.html", "embeddings.npy"]) expect(existsSync(join(out, file))).toBe(true)
  })

  it("audit, on the archive of ucm", async () => {
    const out = join(home, "audited")
    const { error, said } = await runHere(config("audit"), [`from=${join(home, "ucm")}`], { out })
    expect(error).toBe("")
    expect(said).toContain("mobile-home")
    for (const file of ["audit.json", "audit.html"]) expect(existsSync(join(out, file))).toBe(true)
  })

  it("search-image, for a patch of the archive of bigearthnet among those that were tested", async () => {
    const run = join(home, "bigearthnet-run")
    const [header, row] = readFileSync(join(run, "embeddings.csv"), "utf8").split("\n")
    const [name] = row.split(",")
    const saved = [
      `embeddings=${join(run, "embeddings.npy")}`,
      `labels=${join(run, "embeddings.csv")}`,
      `root_dir=${join(home, "bigearthnet")}`
    ]
    const out = join(home, "searched")
    const image = await runHere(
      config("search-image"),
      [
        ...saved,
        `image=${join(home, "bigearthnet", "BigEarthNet-v1.0", name)}`,
        `weights=${join(run, "checkpoints", "epoch_0001.safetensors")}`
      ],
      { out, fresh: true }
    )
    const byName = await runHere(config("search"), [...saved, `query=${name}`], { out: join(home, "by-name") })
    expect([header.startsWith("name,"), image.error, byName.error]).toEqual([true, "", ""])
    // The same bands through the same network find the same images.
    const found = (said: string) => said.split("\n").flatMap((line) => /^ ?\d+ {2}\S+ +\d\.\d{2}/.exec(line) ?? [])
    expect(found(image.said).length).toBe(10)
    expect(found(image.said)).toEqual(found(byName.said))
    expect(existsSync(join(out, "strips", "strips.json"))).toBe(true)
  })
})
