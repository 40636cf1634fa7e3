/** Labels of new images by configs/predict.yaml. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import sharp from "sharp"
import { afterAll, expect, it } from "vitest"
import { runHere } from "./in-process.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

it("configs/predict.yaml writes the labels of a folder of pictures with their probabilities", async () => {
  for (const name of ["a", "b"]) {
    const background = { r: name === "a" ? 200 : 20, g: 90, b: 40 }
    await sharp({ create: { width: 70, height: 70, channels: 3, background } }).toFile(join(home, `${name}.png`))
  }
  const out = join(home, "out")
  const changed = ["predicted.images.bands=rgb", "predicted.normalise.by=imagenet", "net.channels=3", "weights=initial"]
  const set = [`images=${home}`, `root_dir=${home}`, ...changed]
  const { error } = await runHere(resolve("configs/predict.yaml"), set, { out })
  expect(error).toBe("")
  const found = JSON.parse(readFileSync(join(out, "predictions.json"), "utf8"))
  expect(found.map(({ name }: { name: string }) => name)).toEqual(["a", "b"])
  expect(Object.keys(found[0].probabilities)).toHaveLength(19)
  expect(readFileSync(join(out, "predictions.csv"), "utf8")).toMatch(/^name,class 0,.*\na,0\.\d+/)
})
