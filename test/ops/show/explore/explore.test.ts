import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { bundlePage } from "../../../../src/ops/show/explore/bundle.ts"
import { chosenVectors, LEAST_RECALL } from "../../../../src/ops/show/explore/coding.ts"
import type { Collected } from "../../../../src/ops/show/explore/collected.ts"
import { collect } from "../../../../src/ops/show/explore/collected.ts"
import { random } from "../../../../src/pipeline/random.ts"
import { type Explored, explored } from "../../../browser/explored.ts"

const part = <A>(folder: string, name: string): A => {
  let given: unknown
  const orbitrank = (_: string, value: unknown) => {
    given = value
  }
  new Function("orbitrank", readFileSync(join(folder, "data", `${name}.js`), "utf8"))(orbitrank)
  return given as A
}

describe("configs/explore.yaml", () => {
  let made: Explored
  let folder = ""
  beforeAll(async () => {
    made = await explored(12)
    folder = fileURLToPath(new URL(".", made.url))
  })
  afterAll(() => rmSync(made.home, { recursive: true, force: true }))

  it("writes a page and its data, in which names are data and not HTML", () => {
    const names = ["index.html", "page.js", "page.css", "sheets/00000.webp"]
    for (const name of names) expect([name, existsSync(join(folder, name))]).toEqual([name, true])
    expect(part<{ names: ReadonlyArray<string> }>(folder, "images-0000").names).toEqual(made.names)
    const script = readFileSync(join(folder, "data/images-0000.js"), "utf8")
    expect(script).not.toContain("<")
    expect(part(folder, "contents")).toMatchObject({ count: 12, dim: 16, coding: "float32", pieces: [12] })
  })

  it("forbids every connection, and names none", () => {
    const html = readFileSync(join(folder, "index.html"), "utf8")
    expect(html).toContain("default-src &#39;none&#39;")
    expect(html).not.toMatch(/https?:|connect-src|unsafe-inline/)
  })

  it("is made without pictures if there are none, and says so", async () => {
    const bare = await explored(5, { pictures: false })
    const bareFolder = fileURLToPath(new URL(".", bare.url))
    expect(part(bareFolder, "contents")).toMatchObject({ count: 5 })
    expect(part(bareFolder, "contents")).not.toHaveProperty("sheets")
    rmSync(bare.home, { recursive: true })
  })
})

it("the page's code is at most 150 kB", async () => {
  const script = await bundlePage()
  expect(script.length).toBeLessThan(150_000)
  expect(script).not.toMatch(/(from|import\(|require\()\s*"(node:|effect)|@effect/)
})

describe("vectors", () => {
  const drawn = (count: number, dim: number): Collected => {
    const draw = random(1, 0, 0, "drawn")
    const vectors = Float32Array.from({ length: count * dim }, () => draw.normal())
    const names = Array.from({ length: count }, (_, i) => `${i}`)
    return { count, dim, vectors, names, classes: [], labels: new Uint8Array(0), origin: undefined }
  }

  it("are float32 if they are few; else int8 with its recall, or int16 if int8 loses neighbours", () => {
    expect(chosenVectors(drawn(50, 8), "auto", 1)).toMatchObject({ vectors: { coding: "float32" }, recall: undefined })
    const many = chosenVectors(drawn(2000, 64), "auto", 1, 0)
    expect(many.recall?.share).toBeGreaterThanOrEqual(LEAST_RECALL)
    // In two dimensions thousands of directions share a code of 8 bits.
    const flat = chosenVectors(drawn(2000, 2), "auto", 1, 0)
    expect(flat.vectors.coding).toBe("int16")
    expect(chosenVectors(drawn(2000, 2), "int8", 1).recall?.share).toBeLessThan(LEAST_RECALL)
  })

  it("must be of one dimension and one list of classes", () => {
    const batch = { kind: "embeddings", size: 1, names: ["a"], labels: Uint8Array.of(1), classes: ["x"] } as const
    const one = { ...batch, dim: 1, vectors: Float32Array.of(1) }
    expect(() => collect([one, { ...batch, dim: 2, vectors: Float32Array.of(1, 2) }])).toThrow("another dimension")
    expect(() => collect([])).toThrow("no embeddings arrived")
    expect(collect([one, one]).names).toEqual(["a", "a"])
  })
})
