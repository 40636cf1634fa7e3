/** Pixels without data: what the files of `cases/nodata` declare, on every way from an archive to a network. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { archive } from "../../../../../src/ops/data/archives/archive.ts"
import { decode } from "../../../../../src/ops/data/archives/decode.ts"
import { crop } from "../../../../../src/ops/data/patches/crop.ts"
import { images } from "../../../../../src/ops/data/patches/images.ts"
import { bilinear, resampledValidRows } from "../../../../../src/ops/data/patches/pixels/bilinear.ts"
import { flipVertically, rotate } from "../../../../../src/ops/data/patches/pixels/geometry.ts"
import { read } from "../../../../../src/ops/data/patches/read.ts"
import { assemble } from "../../../../../src/ops/data/patches/reading/assemble.ts"
import { filledBand } from "../../../../../src/ops/data/patches/reading/nodata.ts"
import { resize } from "../../../../../src/ops/data/patches/resize.ts"
import { statistics } from "../../../../../src/ops/data/patches/statistics.ts"
import { split } from "../../../../../src/ops/data/splits/split.ts"
import { decodeValue, encodeValue } from "../../../../../src/ops/data/stores/patch-value.ts"
import { store } from "../../../../../src/ops/data/stores/store.ts"
import type { Band, RawPatch } from "../../../../../src/ops/elements.ts"
import { declaredNodata, pixelNodata } from "../../../../../src/ops/formats/tiff/nodata.ts"
import { decodeTiffBands } from "../../../../../src/ops/formats/tiff/read.ts"
import { effect } from "../../../../effect.ts"
import { temporaryFolder } from "../../folder.ts"
import { runIn } from "../../streams.ts"

const cases = join(import.meta.dirname, "../../cases/nodata")
const root = temporaryFolder()
const { collect, said } = runIn(root)
const NODATA = -9999

/** Every pixel of B02 in the archive, by patch, as its file has it. */
const stored = async (name: string): Promise<ArrayLike<number>> => {
  const [band] = await decodeTiffBands(readFileSync(join(cases, `${name}.tif`)), name)
  expect(band.nodata).toBe(NODATA)
  return band.data
}

const moments = (values: ReadonlyArray<number>) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, std: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) }
}
const withData = (values: ArrayLike<number>) => Array.from(values).filter((value) => value !== NODATA)

const names = Array.from({ length: 8 }, (_, i) => `p${i}`)
const own = { kind: "folder", bands: ["B02", "B03"] } as const
const straight = {
  from: cases,
  store: "none",
  kind: "folder",
  archive: { bands: ["B02", "B03"] },
  split: "train",
  bands: ["B02"]
} as const

writeFileSync(join(root, "train.csv"), names.map((name) => `${name}\n`).join(""))

describe("pixels that a file declares to be without data", () => {
  const masked = Effect.promise(async () => moments((await Promise.all(names.map(stored))).flatMap(withData)))

  effect("do not count in statistics, read from the files or from a store", () =>
    Effect.gen(function* () {
      const { mean, std } = yield* masked
      // Half of every second image is -9999; the other pixels are about 100, one unit apart.
      expect(mean).toBeCloseTo(100, 1)
      yield* collect(archive({ ...own, path: cases }).pipe(split({ train: 0.99, val: 0 }), decode(), store()))
      writeFileSync(join(root, "train.csv"), names.map((name) => `${name}\n`).join(""))
      for (const from of [read(straight), read({ split: "train", bands: ["B02"] })]) {
        const [{ bands }] = yield* collect(from.pipe(statistics()))
        expect(bands.B02.mean).toBeCloseTo(mean, 4)
        expect(bands.B02.std).toBeCloseTo(std, 4)
        expect(bands.B02).toMatchObject({ values: 8 * 256 - 4 * 128, nodata: 4 * 128 })
      }
      expect(said).toContain(
        "read: 4 patches of train have pixels without data, which were filled with the mean of the band's other pixels"
      )
    })
  )

  effect("are filled with the mean of the band's other pixels, or a number", () =>
    Effect.gen(function* () {
      const filled = yield* collect(read(straight))
      const zeros = yield* collect(read({ ...straight, fill: 0 }))
      for (const [i, name] of names.entries()) {
        const values = yield* Effect.promise(() => stored(name))
        const { mean } = moments(withData(values))
        Array.from(values).forEach((value, at) => {
          expect(filled[i].image[at]).toBeCloseTo(value === NODATA ? mean : value, 4)
          expect(zeros[i].image[at]).toBe(value === NODATA ? 0 : value)
          if (i % 2 === 1) expect(filled[i].nodata?.[at]).toBe(value === NODATA ? 1 : 0)
        })
        if (i % 2 === 0) expect(filled[i].nodata).toBeUndefined()
      }
    })
  )

  effect("mix with no neighbour when images are cropped and resized, or come from no archive", () =>
    Effect.gen(function* () {
      for (const from of [read(straight), images({ from: cases, names: ["B02", "B03"], bands: ["B02"] })]) {
        for (const [size, at] of [
          [13, 3],
          [16, 5]
        ]) {
          const patches = yield* collect(from.pipe(crop({ size }), resize({ size: at })))
          expect(patches.flatMap(({ image }) => [...image]).every((value) => value > 90 && value < 110)).toBe(true)
          expect(patches[1].nodata?.includes(1)).toBe(true)
          expect(patches[1].nodata?.includes(0)).toBe(true)
        }
      }
    })
  )
})

describe("pixels that a parameter says are without data", () => {
  const band = (data: ReadonlyArray<number>, more: Partial<Band> = {}): Band => ({
    ...{ name: "B02", dtype: "float32", height: 2, width: data.length / 2, data: Float32Array.from(data) },
    ...more
  })

  it("are those of bands that declare no value", () => {
    const rule = { nodata: 7, fill: "mean" } as const
    expect(Array.from(filledBand(band([7, 1, 2, 3]), rule, "p")?.data ?? [])).toEqual([2, 1, 2, 3])
    expect(filledBand(band([7, 1, 2, 3], { nodata: 5 }), rule, "p")).toBeUndefined()
    expect(filledBand(band([1, 1, 2, 3]), rule, "p")).toBeUndefined()
    expect(Array.from(filledBand(band([Number.NaN, 1, 2, 3]), { nodata: "nan", fill: -1 }, "p")?.data ?? [])).toEqual([
      -1, 1, 2, 3
    ])
  })

  it("are refused in a band that has nothing else, unless a number fills it", () => {
    const none = band([7, 7, 7, 7])
    expect(() => filledBand(none, { nodata: 7, fill: "mean" }, "p1")).toThrow(
      "p1: has no data in band B02: every pixel is 7, which marks pixels without data. Leave the patch out of its split"
    )
    expect(Array.from(filledBand(none, { nodata: 7, fill: 0 }, "p1")?.valid ?? [])).toEqual([0, 0, 0, 0])
  })

  it("do not spread into a band that is resampled to a finer one", () => {
    const fine = band(
      Array.from({ length: 16 }, () => 0),
      { name: "fine", height: 4, width: 4 }
    )
    const { image, nodata } = assemble([fine, band([7, 1, 1, 1])], ["fine", "B02"], "p", { nodata: 7, fill: 5 })
    const of = (values: ArrayLike<number> | undefined) => Array.from(values ?? []).filter((_, i) => i % 2 === 1)
    const corner = [0, 1, 4, 5]
    expect(of(nodata)).toEqual(Array.from({ length: 16 }, (_, i) => (corner.includes(i) ? 1 : 0)))
    expect(of(image)).toEqual(Array.from({ length: 16 }, (_, i) => (corner.includes(i) ? 5 : 1)))
  })
})

describe("resampling with pixels that do not count", () => {
  it("is resampling where all count", () => {
    const size = fc.integer({ min: 1, max: 7 })
    fc.assert(
      fc.property(
        size,
        size,
        size,
        size,
        fc.infiniteStream(fc.integer({ min: 0, max: 999 })),
        (h, w, th, tw, draws) => {
          const values = Float64Array.from({ length: h * w }, () => draws.next().value as number)
          const { valid, write } = resampledValidRows(values, new Uint8Array(h * w).fill(1), h, w, th, tw)
          const image = new Float32Array(th * tw)
          for (let row = 0; row < th; row++) write(row, image, row * tw, 1)
          expect([...image]).toEqual([...bilinear(values, h, w, th, tw)])
          expect(valid.every((one) => one === 1)).toBe(true)
        }
      )
    )
  })

  it("keeps marks with their pixels when an image is turned", () => {
    const shaped = { image: Float32Array.of(1, 2, 3, 4), nodata: Uint8Array.of(1, 0, 0, 0), height: 2, width: 2 }
    for (const { image, nodata } of [flipVertically(shaped), rotate(shaped, 1), rotate(shaped, 2), rotate(shaped, 3)]) {
      expect(nodata?.indexOf(1)).toBe(image.indexOf(1))
    }
  })
})

describe("the value that marks pixels without data", () => {
  const raw = (nodata: number | undefined): RawPatch => ({
    kind: "raw",
    name: "p",
    labels: ["a"],
    nomenclature: { name: "own", classes: ["a"] },
    split: undefined,
    bands: [
      { name: "B02", dtype: "float32", height: 1, width: 2, data: Float32Array.of(NODATA, 3), nodata },
      { name: "B03", dtype: "float32", height: 1, width: 2, data: Float32Array.of(1, 3), nodata }
    ]
  })

  it("is kept by a store, whose value is as ever if no pixel has it", () => {
    const marks = (patch: RawPatch) =>
      decodeValue(encodeValue(patch), "p", "own").bands.map(({ name, nodata }) => [name, nodata])
    expect(marks(raw(NODATA))).toEqual([
      ["B02", NODATA],
      ["B03", undefined]
    ])
    expect(encodeValue(raw(17))).toEqual(encodeValue(raw(undefined)))
    const strange = { ...raw(undefined).bands[0], data: Float32Array.of(Number.NaN, Number.NEGATIVE_INFINITY) }
    for (const nodata of [Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect(marks({ ...raw(undefined), bands: [{ ...strange, nodata }] })).toEqual([["B02", nodata]])
    }
  })

  it("is read as the pixel type can hold it", () => {
    expect(declaredNodata(" -9999 ", "int16")).toBe(-9999)
    expect(declaredNodata("-9999", "uint8")).toBeUndefined()
    expect(declaredNodata("0.5", "uint16")).toBeUndefined()
    expect(declaredNodata("nan", "float32")).toBeNaN()
    expect(declaredNodata("none", "float32")).toBeUndefined()
    expect(declaredNodata("-3.40282346638529e+38", "float32")).toBe(-(2 ** 128 - 2 ** 104))
    expect(declaredNodata("-1.79769313486232e+308", "float64")).toBe(-Number.MAX_VALUE)
    expect(declaredNodata("-inf", "float64")).toBe(Number.NEGATIVE_INFINITY)
    expect(pixelNodata(0.1, "float32")).toBe(Math.fround(0.1))
  })
})
