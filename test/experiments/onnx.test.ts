/** Configurations that embed with networks in ONNX files. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import sharp from "sharp"
import { afterAll, describe, expect, it } from "vitest"
import { makePlan } from "../../src/experiments/plan/plan.ts"
import { runtimeInstalled } from "../../src/ops/onnx/runtime.ts"
import { networkFile } from "../ops/onnx/networks.ts"
import { runHere } from "./in-process.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

// Each of these is "configs/NAME.yaml".
const names = ["onnx", "onnx-clip", "onnx-dinov2", "onnx-dofa", "onnx-prithvi", "onnx-timm"]

describe("configurations with ONNX files", () => {
  it.each(names)("%s is valid, whether the file exists yet or not", (name) => {
    const set = ["network=none.onnx", ...(/timm|prithvi/.test(name) ? [] : ["images=none"])]
    expect(makePlan(resolve("configs", `${name}.yaml`), set).experiment).toBe(name)
  })

  it("are refused before they run if the network does not fit", () => {
    const set = (network: string) => [`network=${networkFile(network)}`, "images=none", "size=8"]
    const check =
      (network: string, ...more: ReadonlyArray<string>) =>
      () =>
        makePlan(resolve("configs/onnx.yaml"), [...set(network), ...more])
    expect(check("tokens")).toThrow(/pipelines\.embedded\.embed\.onnx: .*tokens\.onnx: has 2 outputs/)
    expect(check("map")).toThrow("gives a map of vectors; set `pooling: mean`")
    expect(check("bytes", "size=9")).toThrow("takes images of 8 x 8 pixels, but they have 9 x 9")
    expect(check("vectors", "bands=s1")).toThrow("needs 3 bands (Red, Green, Blue), but the images have 2")
  })

  it.skipIf(!runtimeInstalled())("onnx embeds a folder of pictures (onnxruntime-node)", async () => {
    for (const name of ["a", "b"]) {
      const background = { r: name === "a" ? 200 : 20, g: 90, b: 40 }
      await sharp({ create: { width: 20, height: 30, channels: 3, background } }).toFile(join(home, `${name}.png`))
    }
    const out = join(home, "out")
    const set = [`network=${networkFile("vectors")}`, `images=${home}`, "size=16"]
    const { error } = await runHere(resolve("configs/onnx.yaml"), set, { out })
    expect(error).toBe("")
    expect(existsSync(join(out, "embeddings.npy"))).toBe(true)
    expect(JSON.parse(readFileSync(join(out, "embeddings.json"), "utf8"))).toMatchObject({
      rows: 2,
      dim: 5,
      bands: ["Red", "Green", "Blue"],
      normalisation: "none; mean 0.485, 0.456, 0.406; std 0.229, 0.224, 0.225"
    })
  })
})
