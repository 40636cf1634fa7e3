/** Each file of configs/ that reads an archive, tried on a miniature of it: from the archive to the report. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { runHere } from "./in-process.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const config = (name: string) => resolve(import.meta.dirname, "../../configs", `${name}.yaml`)

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
const experiments: ReadonlyArray<Experiment> = [
  { name: "bigearthnet", archive: "BigEarthNet-v1.0", lists: true, patches: 160, set: [] },
  { name: "ucm", archive: ".", size: 32, set: ["size.resize.size=32", "train.checkpoint.checkpoint_step=1"] },
  { name: "aid", archive: ".", size: 40, set: ["size.resize.size=32"] },
  { name: "whdld", archive: ".", size: 32, set: ["size.resize.size=32"] }
]

/** Smaller than any experiment: what is tried is that every step is there and fits. */
const SMALL = ["net.backbone=resnet10-slim", "epochs=1", "few=16", "many=16", "trained.strips.queries=2"]

const makeArchive = async ({ archive, lists = false, name, patches = 64, size }: Experiment, root: string) => {
  const file = join(home, `${name}-archive.yaml`)
  const miniature = `miniature: { kind: ${name}, patches: ${patches}, to: ${archive}${size === undefined ? "" : `, size: ${size}`} }`
  writeFileSync(file, `root_dir: ${root}\npipelines: { make: [{ ${miniature} }${lists ? ", split" : ""}] }\n`)
  expect((await runHere(file, [], { out: join(home, `${name}-made`) })).error).toBe("")
}

describe("configurations", () => {
  it.each(experiments)("$name, from archive to report", async (experiment) => {
    const root = join(home, experiment.name)
    await makeArchive(experiment, root)
    const out = join(home, `${experiment.name}-run`)
    const set = [`root_dir=${root}`, ...SMALL, ...experiment.set]
    const { error, results, said } = await runHere(config(experiment.name), set, { out })
    expect(error).toBe("")
    const figures = (results as Readonly<Record<string, Readonly<Record<string, unknown>>>>).trained
    expect(figures).toMatchObject({ mAP: { easy: expect.any(Number) }, "nDCG@100": expect.any(Number) })
    const html = readFileSync(join(out, "report.html"), "utf8")
    for (const part of ["How well it finds", "How it was learnt", "What is found"]) expect(html).toContain(part)
    for (const file of ["embeddings.npy", "queries.csv", "strips/strips.json"])
      expect(existsSync(join(out, file))).toBe(true)
    expect(said).toMatch(/mAP +easy/)
  })
}, 120_000)
