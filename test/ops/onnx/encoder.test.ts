/** What fits a network, found from its file alone. */
import { describe, expect, it } from "vitest"
import { encoderOf, type Shown } from "../../../src/ops/onnx/encoder.ts"
import { axesOf } from "../../../src/ops/onnx/layout.ts"
import { knownNetwork, type OnnxFacts } from "../../../src/ops/onnx/params.ts"
import { networkFile } from "./networks.ts"

const rgb: Shown = { bands: ["Red", "Green", "Blue"], height: 8, width: 8 }
const fitted = (name: string, images: Shown = rgb, facts: OnnxFacts = {}) =>
  encoderOf(knownNetwork({ file: networkFile(name), ...facts }), images)
const refused = (...given: Parameters<typeof fitted>) => expect(() => fitted(...given))

describe("the axes of an input", () => {
  it.each([
    [["n", 3, 224, 224], undefined, undefined, "nchw"],
    [["n", 224, 224, 3], undefined, undefined, "nhwc"],
    [["n", "c", "h", "w"], undefined, 3, "nchw"],
    [[1, "h", "w", 12], undefined, 12, "nhwc"],
    [["n", 64, 64, 64], undefined, 64, "nchw"],
    [["n", 64, 64, 64], "nhwc", 64, "nhwc"],
    [["n", 13, 8, 8], undefined, 13, "nchw"],
    [["n", 8, 8, 13], undefined, 13, "nhwc"]
  ] as const)("%j with layout %s and %s bands is %s", (shape, layout, channels, found) => {
    expect(axesOf(shape, layout, channels)?.layout).toBe(found)
  })

  it("may hold one time step, before or behind the channels", () => {
    expect(axesOf(["n", 6, 1, 224, 224], undefined, 6)).toMatchObject({ time: 2, channels: 6, height: 224 })
    expect(axesOf(["n", 1, 6, 224, 224], undefined, 6)).toMatchObject({ time: 1, channels: 6 })
    expect(axesOf(["n", 6, 4, 224, 224], undefined, 6)).toBeUndefined()
    expect(axesOf(["n", 768], undefined, undefined)).toBeUndefined()
  })
})

describe("a network that fits", () => {
  it("has its facts from the file, and the parameters before those", () => {
    const { feed } = fitted("vectors")
    expect(feed.channels).toEqual([0, 1, 2])
    expect(feed.factors[0]).toBeCloseTo(1 / 0.229, 12)
    expect(feed.shifts[2]).toBeCloseTo(-0.406 / 0.225, 12)
    const other = fitted("vectors", rgb, { std: 1, mean: 0, bands: ["Blue", "Green", "Red"] }).feed
    expect(other).toMatchObject({ channels: [2, 1, 0], factors: [1, 1, 1] })
    expect(other.shifts.map((shift) => shift + 0)).toEqual([0, 0, 0])
  })

  it("scales `range` to 0 and 1, and to 0 and 255 for bytes", () => {
    const { factors, shifts } = fitted("time", rgb, { range: [1000, 3000] }).feed
    expect([factors[0] * 1000 + shifts[0], factors[0] * 3000 + shifts[0]]).toEqual([0, 1])
    expect(fitted("bytes", rgb, { range: [0, 1] }).feed.factors).toEqual([255, 255, 255])
    expect(fitted("bytes").feed.factors).toEqual([1, 1, 1])
  })

  it("fixes the number of images, or not", () => {
    expect(fitted("half").batch).toBe(2)
    expect(fitted("vectors").batch).toBeUndefined()
  })
})

describe("refuses before anything runs", () => {
  it.each([
    [
      "another number of bands",
      "map",
      { bands: ["B02", "B03"] },
      {},
      "map.onnx: takes 3 channels, but the images have 2 (B02, B03). Read the bands that it takes, or name them in `bands`."
    ],
    [
      "a band that is missing",
      "vectors",
      { bands: ["Red", "green", "Blue"] },
      {},
      "needs the band Green, but the images have Red, green, Blue; did you mean `green`"
    ],
    [
      "another size",
      "tokens",
      { ...rgb, height: 16 },
      {},
      "takes images of 8 x 8 pixels, but they have 16 x 8. Add `resize"
    ],
    [
      "several outputs",
      "tokens",
      rgb,
      {},
      "has 2 outputs (hidden float32 [n, 5, 5]; pooled float32 [n, 5]). Name the one"
    ],
    [
      "an unknown output",
      "tokens",
      rgb,
      { output: "poled" },
      "has no output poled; did you mean `pooled`. Name one of"
    ],
    [
      "tokens without pooling",
      "tokens",
      rgb,
      { output: "hidden" },
      "its output hidden float32 [n, 5, 5] gives one vector per token; set `pooling` to `cls` (the first token) or `mean`."
    ],
    ["a map without pooling", "map", rgb, {}, "gives a map of vectors; set `pooling: mean`"],
    ["tokens of vectors", "vectors", rgb, { pooling: "cls" }, "has 2 axes and no tokens"],
    [
      "inputs beside the images",
      "two",
      rgb,
      {},
      "takes 2 inputs (x float32 [n, 3, 8, 8]; scale float32 [1]), not images"
    ],
    [
      "means of other channels",
      "time",
      rgb,
      { mean: [1, 2] },
      "`mean` has 2 numbers, but the network takes 3 channels"
    ],
    ["names of other channels", "map", rgb, { bands: ["Red"] }, "takes 3 channels, but `bands` names 1"]
  ] satisfies ReadonlyArray<readonly [string, string, Shown, OnnxFacts, string]>)(
    "%s",
    (_, name, images, facts, message) => {
      refused(name, images, facts).toThrow(message)
    }
  )

  it("nothing that is not known yet", () => {
    expect(fitted("vectors", {}).feed.channels).toEqual([])
    expect(() => fitted("map", { channels: 4 }, { pooling: "mean" })).toThrow(
      "takes 3 channels, but the images have 4."
    )
  })
})
