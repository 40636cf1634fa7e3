/** Files that are dropped on the explorer, embedded by networks in ONNX files with ONNX Runtime Web. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import sharp from "sharp"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runtimeInstalled } from "../../src/ops/onnx/runtime.ts"
import { runHere } from "../experiments/in-process.ts"
import { hasPackage } from "../has-package.ts"
import { EDGE, expected, networkFile } from "../ops/onnx/networks.ts"
import { describeInBrowser, type Page } from "./chromium.ts"
import { exploredNetwork } from "./explored-network.ts"

const webInstalled = hasPackage("onnxruntime-web")

/** Largest 1 - cos of vectors of length 1 whose values differ by at most 1e-4: |a - b|^2 = 2 - 2 cos. */
const SAME = 1 - 5e-9

const until = async (page: Page, expression: string, seconds = 60): Promise<void> => {
  for (let tries = 0; !(await page.evaluate<boolean>(`Boolean(${expression})`)); tries++) {
    if (tries > seconds * 20) throw new Error(`never became true: ${expression}`)
    await page.waitForTimeout(50)
  }
}

/** Searches by a file; returns names and scores of the results. */
const searched = async (page: Page, path: string, name: string) => {
  await page.locator("#upload").setInputFiles(path)
  await until(
    page,
    `document.querySelector("[role=alert]:not([hidden])") || document.querySelector("h2").textContent === "Most similar to ${name}"`
  )
  expect(await page.evaluate("document.querySelector('[role=alert]:not([hidden])')?.textContent ?? ''")).toBe("")
  return page.evaluate<ReadonlyArray<{ readonly name: string; readonly score: string }>>(
    "[...document.querySelectorAll('.tile')].map(({ dataset }) => ({ ...dataset }))"
  )
}

const opened = async (page: Page, url: string): Promise<ReadonlyArray<string>> => {
  const faults: Array<string> = []
  page.on("pageerror", ((fault: Error) => faults.push(fault.message)) as never)
  page.on("console", ((message: { type: () => string; text: () => string }) => {
    if (message.type() === "error") faults.push(message.text())
  }) as never)
  await page.goto(url)
  await until(page, "document.querySelectorAll('.tile').length > 0 && !document.querySelector('progress')")
  return faults
}

const missing = [
  ...(runtimeInstalled() ? [] : ["onnxruntime-node"]),
  ...(webInstalled ? [] : ["onnxruntime-web"])
].join(" and ")

describe.skipIf(missing !== "")(`ONNX in the page${missing === "" ? "" : ` (skipped without ${missing})`}`, () => {
  describeInBrowser("a published network", (open) => {
    let made: Awaited<ReturnType<typeof exploredNetwork>>
    beforeAll(async () => {
      made = await exploredNetwork(6, "onnx")
    })
    afterAll(() => rmSync(made.home, { recursive: true, force: true }))

    it("embeds a GeoTIFF as `embed: { onnx }` does, opened from disk without a network", async () => {
      const page = await open()
      const faults = await opened(page, made.url)
      for (const i of [0, 4]) {
        const [first, second] = await searched(page, made.copy(i, `mine-${i}.tif`), `mine-${i}`)
        expect(first.name).toBe(`scene-${i}`)
        expect(Number(first.score)).toBeGreaterThan(SAME)
        expect(Number(second.score)).toBeLessThan(SAME)
      }
      expect(faults).toEqual([])
    })

    it("refuses images of a size that the network does not take", async () => {
      const page = await open()
      await opened(page, made.url)
      const small = join(made.home, "small.png")
      const pixels = sharp({ create: { width: 16, height: 16, channels: 3, background: "red" } })
      writeFileSync(small, await pixels.png().toBuffer())
      await page.locator("#upload").setInputFiles(small)
      await until(page, "document.querySelector('[role=alert]:not([hidden])')?.textContent.startsWith('small')")
    })
  })

  describeInBrowser("networks of other programs, by configs/explore-onnx.yaml", (open) => {
    const home = mkdtempSync(join(tmpdir(), "orbitrank-explore-onnx-"))
    const folder = join(home, "pictures")
    afterAll(() => rmSync(home, { recursive: true, force: true }))
    beforeAll(async () => {
      mkdirSync(folder)
      for (const [i, values] of expected.images.entries()) {
        const picture = sharp(Uint8Array.from(values), { raw: { width: EDGE, height: EDGE, channels: 3 } })
        writeFileSync(join(folder, `image${i}.png`), await picture.png().toBuffer())
      }
    })

    it.each([
      ["scaled by the file's own constants", "vectors", []],
      ["a map, with weights in another file", "external", ["encoder.onnx.pooling=mean"]],
      ["half precision, two images at a time", "half", []],
      ["bytes, channels last", "bytes", ["encoder.onnx.range=[0, 1]"]],
      ["the first token", "tokens", ["encoder.onnx.output=hidden", "encoder.onnx.pooling=cls"]]
    ] as const)("embed in the page as here: %s", async (_, name, set) => {
      const out = join(home, name)
      const { error } = await runHere(
        resolve(import.meta.dirname, "../../configs/explore-onnx.yaml"),
        [`network=${networkFile(name)}`, `images=${folder}`, `size=${EDGE}`, ...set],
        { out, fresh: true }
      )
      expect(error).toBe("")
      const page = await open()
      const faults = await opened(page, pathToFileURL(join(out, "index.html")).href)
      for (const i of [0, 2]) {
        const copy = join(home, `copy${i}.png`)
        writeFileSync(copy, await sharp(join(folder, `image${i}.png`)).toBuffer())
        const [first] = await searched(page, copy, `copy${i}`)
        expect([first.name, Number(first.score) > SAME]).toEqual([`image${i}`, true])
      }
      expect(faults).toEqual([])
      await page.close()
    })
  })
})
