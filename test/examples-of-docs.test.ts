/** The programs of docs/examples run and print what they promise. */
import { execFileSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { build } from "esbuild"
import { afterAll, describe, expect, it } from "vitest"
import { decodeNpy } from "../src/formats.ts"
import { describeInBrowser } from "./browser/chromium.ts"
import { runHere } from "./experiments/in-process.ts"

const examples = resolve(import.meta.dirname, "../docs/examples")
const home = mkdtempSync(join(tmpdir(), "orbitrank-examples-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href
const run = (name: string, ...args: ReadonlyArray<string>): ReadonlyArray<string> =>
  execFileSync(process.execPath, ["--import", tsx, join(examples, name), ...args], { cwd: home, encoding: "utf8" })
    .trim()
    .split("\n")

/** Rows of a matrix that the examples read. */
const matrix = (name: string): ReadonlyArray<ReadonlyArray<number>> => {
  const { data, shape } = decodeNpy(readFileSync(join(examples, "data", name)), name)
  return Array.from({ length: shape[0] }, (_, i) => [...data.subarray(i * shape[1], (i + 1) * shape[1])])
}

/** Figures of the second example, by their definitions: no code of ours but the reader. */
const figures = () => {
  const [vectors, labels] = [matrix("embeddings.npy"), matrix("labels.npy")]
  const queries = Math.trunc(vectors.length / 5)
  const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) => a.reduce((sum, x, i) => sum + x * b[i], 0)
  const cosine = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
  const rest = vectors.map((_, i) => i).slice(queries)
  const precisions: Array<number> = []
  const gains: Array<number> = []
  for (let q = 0; q < queries; q++) {
    const order = [...rest].sort((a, b) => cosine(vectors[q], vectors[b]) - cosine(vectors[q], vectors[a]))
    const shared = order.map((i) => dot(labels[q], labels[i]))
    const union = (i: number) => labels[q].filter((label, c) => label + labels[i][c] > 0).length
    const ranks = order.flatMap((i, rank) => (1 - dot(labels[q], labels[i]) / union(i) <= 0.4 ? [rank] : []))
    const trapezoids = ranks.map((r, j) => ((r === 0 ? 1 : j / r) + (j + 1) / (r + 1)) / 2)
    if (ranks.length > 0) precisions.push(trapezoids.reduce((sum, one) => sum + one, 0) / ranks.length)
    const gain = (some: ReadonlyArray<number>) => some.reduce((sum, c, i) => sum + (2 ** c - 1) / Math.log2(i + 2), 0)
    const ten = shared.slice(0, 10)
    gains.push(gain(ten) / (gain([...ten].sort((a, b) => b - a)) + 1e-6))
  }
  const mean = (some: ReadonlyArray<number>) => some.reduce((sum, one) => sum + one, 0) / some.length
  return [mean(precisions).toFixed(4), mean(gains).toFixed(4)]
}

describe("examples", () => {
  it("are all listed, and all of the list exist", () => {
    const list = readFileSync(join(examples, "README.md"), "utf8")
    const listed = [...list.matchAll(/^\| \[([^\]]+)\]/gm)].map(([, name]) => name)
    expect(listed).toEqual(
      readdirSync(examples)
        .filter((name) => /^\d/.test(name))
        .sort()
    )
    expect(listed).toHaveLength(6)
  })

  it("1: an operator of one's own keeps some of the patches", () => {
    const lines = run("1-own-operator.ts", "one")
    expect(lines.at(-1)).toMatch(/^[1-9]\d* of 12 patches are bright$/)
    expect(lines).toHaveLength(Number(lines.at(-1)?.split(" ")[0]) + 1)
    expect(lines.at(-1)).not.toContain("12 of")
  })

  it("2: metrics on arrays are those of their definitions", () => {
    const [map, gain] = figures()
    expect(run("2-metrics-on-arrays.ts")).toEqual([`mAP at Jaccard 0.4: ${map}`, `nDCG@10: ${gain}`])
  })

  it("4: a loss of one's own falls in training", () => {
    const losses = run("4-own-loss.ts").map((line) => Number(/loss (.+)$/.exec(line)?.[1]))
    expect(losses).toHaveLength(5)
    for (let i = 1; i < losses.length; i++) expect(losses[i]).toBeLessThan(losses[i - 1])
    expect(losses[4]).toBeLessThan(losses[0] / 4)
  })

  it("5: BigEarthNet's patches are a stream", () => {
    const lines = run("5-bigearthnet-stream.ts")
    expect(lines.length).toBeGreaterThan(5)
    for (const line of lines) expect(line).toMatch(/^[A-Z].*: -?\d\.\d{3} over \d+ patches$/)
  })

  it("6: a network from a weights file embeds images", async () => {
    const file = join(home, "train.yaml")
    writeFileSync(
      file,
      `root_dir: ${home}
pipelines:
  made: [{ miniature: { kind: ucm, patches: 16, size: 32, to: ucm } }]
  listed: [{ archive: { kind: ucm, path: ucm } }, split, decode, store]
  train:
    - read: { split: train, bands: rgb, epochs: 1 }
    - resize: { size: 32 }
    - normalise: { by: imagenet }
    - batch: { size: 4, drop_last: true }
    - optimise: { model: { backbone: resnet10-slim, pooling: avg, channels: 3, num_classes: 17 } }
    - publish
`
    )
    expect((await runHere(file, [], { out: join(home, "run") })).error).toBe("")
    const pictures = join(home, "pictures")
    mkdirSync(pictures)
    for (const name of readdirSync(join(home, "ucm", "Images")).slice(0, 5)) {
      cpSync(join(home, "ucm", "Images", name), join(pictures, name), { recursive: true })
    }
    const lines = run("6-embed-with-weights.ts", join(home, "run", "weights.safetensors"), pictures)
    const found = lines.filter((line) => / \(cosine -?\d\.\d{3}\)$/.test(line))
    expect(found.length).toBeGreaterThan(4)
    for (const line of found) {
      const [name, other] = line.split(/: | \(/)
      expect(other).not.toBe(name)
    }
  })
})

describeInBrowser("example 3, in Chromium", (open) => {
  it("ranks on a page that opens from disk", async () => {
    const folder = join(home, "page")
    const source = join(examples, "3-ranking-in-the-browser")
    mkdirSync(folder)
    cpSync(join(source, "index.html"), join(folder, "index.html"))
    // As the command in the program's first lines.
    const [, options] = /npx esbuild \S+ (.+)$/m.exec(readFileSync(join(source, "ranking.ts"), "utf8")) ?? []
    expect(options).toContain("--bundle --minify --format=iife --outfile=")
    await build({
      entryPoints: [join(source, "ranking.ts")],
      bundle: true,
      minify: true,
      format: "iife",
      outfile: join(folder, "ranking.js")
    })
    const page = await open({ width: 390, height: 800 })
    await page.goto(pathToFileURL(join(folder, "index.html")).href)
    await page.locator("button").nth(2).click()
    expect(await page.locator("#query").textContent()).toBe("lake")
    expect(await page.locator("#results li").allTextContents()).toEqual([
      "river (0.970)",
      "port (0.597)",
      "wood (0.311)"
    ])
  })
})
