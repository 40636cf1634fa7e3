import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { readParquet } from "../../src/ops/data/archives/bigearthnet-v2/parquet.ts"
import { decodePatch, openArchive } from "../../src/ops/data/archives/open-archive.ts"
import { miniature } from "../../src/ops/data/miniature/miniature.ts"
import { areaResized } from "../../src/ops/data/patches/pixels/area.ts"
import { random } from "../../src/pipeline/random.ts"
import { temporaryFolder } from "../ops/data/folder.ts"
import { runIn } from "../ops/data/streams.ts"
import { npyBytes } from "../ops/retrieve/embeddings/npy.ts"
import { peer } from "./python.ts"

const root = temporaryFolder()

describe("parquet against pyarrow", () => {
  const wanted = { patch_id: "text", labels: "texts", country: "text" } as const

  peer("reads the miniature's metadata alike", ["pyarrow"], async (python) => {
    const refs = await Effect.runPromise(
      runIn(root).collect(miniature({ kind: "bigearthnet-v2", patches: 12, to: "v2" }))
    )
    const found = await python("parquet_read", join(root, "v2", "metadata.parquet"))
    expect(found).toMatchObject({
      patch_id: refs.map(({ name }) => name),
      labels: refs.map(({ labels }) => labels),
      country: refs.map(({ facts }) => facts.country),
      s1_name: refs.map(({ facts }) => facts.s1),
      s2v1_name: refs.map(({ facts }) => facts.s2v1)
    })
  })

  peer(
    "reads what pyarrow writes, in the compressions in circulation, with other columns",
    ["pyarrow"],
    async (python) => {
      const columns = {
        __index_level_0__: [0, 1, 2, 3, 4, 5, 6],
        country: ["Finland", "Serbia", "Finland", "Åland", "Kosovo", "Serbia", "Finland"],
        labels: [["Pastures"], [], ["Arable land", "Pastures"], ["x"], ["Pastures"], ["a", "b", "c"], []],
        patch_id: ["a", "b", "c", "d", "e", "f", "g"]
      }
      const { __index_level_0__: _, ...ours } = columns
      for (const compression of ["none", "snappy", "gzip", "zstd", "brotli"]) {
        const file = join(root, `${compression}.parquet`)
        await python("parquet_write", file, compression, JSON.stringify(columns))
        expect(await readParquet(file, wanted), compression).toEqual(ours)
      }
    }
  )
})

describe("images in Parquet files that pyarrow wrote", () => {
  interface Written {
    readonly labels: ReadonlyArray<ReadonlyArray<string>>
    readonly dates: ReadonlyArray<string>
    /** Colours by image, row and column. */
    readonly pixels: ReadonlyArray<ReadonlyArray<ReadonlyArray<readonly [number, number, number]>>>
    readonly groups: number
  }

  for (const form of ["datasets", "paged", "plain"] as const) {
    peer(`are read with labels, facts and the same pixels: ${form}`, ["pyarrow", "numpy", "PIL"], async (python) => {
      const file = join(root, `${form}.parquet`)
      const { dates, groups, labels, pixels } = (await python("parquet_images", file, form)) as Written
      expect(groups).toBe(form === "datasets" ? 3 : 1)
      const { names, nomenclature, reference } = await openArchive(file, {})
      const found = await Promise.all(names.map(reference))
      expect(nomenclature.classes).toEqual(form === "plain" ? ["forest", "town", "water"] : ["forest", "water", "town"])
      expect(found.map((one) => [...one.labels].sort())).toEqual(labels.map((one) => [...one].sort()))
      expect(found.map(({ facts }) => facts.date)).toEqual(dates)
      expect(names[1]).toBe(form === "plain" ? "tile 1" : "image_1")
      expect(found.map(({ split }) => split).slice(0, 3)).toEqual(
        form === "plain" ? ["train", "val", "test"] : [undefined, undefined, undefined]
      )
      // Backwards, so that rows are not read in the order of the file.
      for (const [i, one] of [...found.entries()].reverse()) {
        if (form === "datasets" && (i === 3 || i === 4)) continue
        const { bands } = await decodePatch(one)
        expect(bands.map(({ data }) => [...data])).toEqual(
          [0, 1, 2].map((channel) => pixels[i].flatMap((row) => row.map((colours) => colours[channel])))
        )
      }
    })
  }
})

describe("resizing by area against OpenCV", () => {
  peer("differs by one grey level at most", ["cv2", "numpy"], async (python) => {
    const [height, width] = [60, 49]
    const { int } = random(24, 0, 0, "grey")
    const pixels = Uint8Array.from({ length: height * width * 3 }, () => int(256))
    const file = join(root, "image.npy")
    writeFileSync(file, npyBytes(pixels, 0, 0, { descr: "|u1", shape: `(${height}, ${width}, 3)` }))
    const sizes = [
      [30, 49],
      [20, 7],
      [32, 32],
      [59, 48],
      [7, 11]
    ]
    const found = (await python("area_resize", file, ...sizes.flat())) as ReadonlyArray<ReadonlyArray<number>>
    sizes.forEach(([rows, columns], i) => {
      const resized = areaResized(Float32Array.from(pixels), height, width, rows, columns)
      expect(resized).toHaveLength(found[i].length)
      expect(Math.max(...resized.map((value, k) => Math.abs(value - found[i][k])))).toBeLessThanOrEqual(1)
    })
  })
})
