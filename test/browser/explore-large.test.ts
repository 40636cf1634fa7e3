/** An explorer of a large archive: a worker thread holds and searches its vectors. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, expect, it } from "vitest"
import { bundlePage } from "../../src/ops/show/explore/bundle.ts"
import { partText } from "../../src/ops/show/explore/folder.ts"
import { indexHtml, policyOf } from "../../src/ops/show/explore/html.ts"
import { packBits, textFrom } from "../../src/ops/show/explore/kit/base64.ts"
import { type Contents, type ImagesPart, partName } from "../../src/ops/show/explore/kit/contents.ts"
import { localIndex } from "../../src/ops/show/explore/kit/index.ts"
import { best } from "../../src/ops/show/explore/kit/query.ts"
import { random } from "../../src/pipeline/random.ts"
import { describeInBrowser } from "./chromium.ts"

const [COUNT, DIM, PIECES] = [8_200, 2_000, 4]

/** Codes of the images, in the pieces in which the page loads them. */
const pieces = (): ReadonlyArray<string> => {
  const draw = random(5, 0, 0, "codes")
  const rows = COUNT / PIECES
  return Array.from({ length: PIECES }, () =>
    textFrom(Int8Array.from({ length: rows * DIM }, () => draw.int(255) - 127))
  )
}

const names = Array.from({ length: COUNT }, (_, i) => `image-${i}`)

/** Writes the page and its data, without pictures, maps and figures. */
const written = async (folder: string, texts: ReadonlyArray<string>): Promise<void> => {
  const contents: Contents = {
    ...{ format: 1, experiment: "large", count: COUNT, dim: DIM, classes: [], coding: "int8", recall: undefined },
    ...{ pieces: texts.map(() => COUNT / PIECES), sheets: undefined, maps: undefined, places: false, figures: false },
    ...{ network: undefined, tiles: undefined }
  }
  const images: ImagesPart = { names, labels: "", pictured: textFrom(packBits(new Uint8Array(COUNT))) }
  mkdirSync(join(folder, "data"))
  const put = (name: string, value: unknown) => writeFileSync(join(folder, "data", `${name}.js`), partText(name, value))
  put("contents", contents)
  put(partName("images", 0), images)
  texts.forEach((text, i) => {
    put(partName("vectors", i), text)
  })
  writeFileSync(join(folder, "index.html"), indexHtml("large", policyOf("nowhere", undefined)))
  writeFileSync(join(folder, "page.js"), await bundlePage())
  const style = resolve(import.meta.dirname, "../../src/ops/show/explore/page/style.css")
  writeFileSync(join(folder, "page.css"), readFileSync(style))
}

describeInBrowser("an explorer of many vectors", (open) => {
  const folder = mkdtempSync(join(tmpdir(), "orbitrank-large-"))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it("is searched by a worker thread, opened from disk, as Node searches it", async () => {
    const texts = pieces()
    await written(folder, texts)
    const index = localIndex({ count: COUNT, dim: DIM, coding: "int8" })
    for (const text of texts) await index.add(text, COUNT / PIECES)
    const page = await open()
    let threads = 0
    page.on("worker", (() => threads++) as never)
    await page.goto(`${pathToFileURL(join(folder, "index.html")).href}#like=image-8000`)
    await page.locator("[data-rank]").first().waitFor()
    expect(threads).toBe(1)
    const scores = await index.cosines((await index.vectors([8000]))[0])
    const expected = Array.from(best(scores, undefined, new Set([8000]), 60), (image) => [names[image], scores[image]])
    const found = await page.evaluate<ReadonlyArray<readonly [string, number]>>(
      "[...document.querySelectorAll('[data-rank]')].map(({ dataset }) => [dataset.name, Number(dataset.score)])"
    )
    expect(found).toEqual(expected)
  })
})
