import { createHash } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import sharp from "sharp"
import { describe, expect } from "vitest"
import { decode } from "../../src/ops/data/archives/decode.ts"
import { inspect } from "../../src/ops/data/inspect/inspect.ts"
import { miniature } from "../../src/ops/data/miniature/miniature.ts"
import { S2_BANDS } from "../../src/ops/data/patches/bands.ts"
import { exportStore } from "../../src/ops/data/stores/export.ts"
import { openReader } from "../../src/ops/data/stores/open-store.ts"
import { store } from "../../src/ops/data/stores/store.ts"
import { rawBytes } from "../../src/ops/formats/dtypes.ts"
import { encodeSafetensors } from "../../src/ops/formats/safetensors/write.ts"
import { decodeTiff, decodeTiffBands } from "../../src/ops/formats/tiff/read.ts"
import { temporaryFolder } from "../ops/data/folder.ts"
import { writeVersion1 } from "../ops/data/stores/version1-writer.ts"
import { runIn } from "../ops/data/streams.ts"
import { npyBytes, writeNpy } from "../ops/retrieve/embeddings/npy.ts"
import { peer } from "./python.ts"

const root = temporaryFolder()

const ours = async (file: string) => {
  const { data, dtype, height, width } = await decodeTiff(await readFile(file), file)
  return [dtype, height, width, [...data]]
}

describe("GeoTIFF against rasterio", () => {
  peer("reads the miniature archive's bands alike", ["rasterio"], async (python) => {
    const refs = await Effect.runPromise(runIn(root).collect(miniature({ patches: 2 })))
    const files = refs.flatMap(({ folder, name }) => S2_BANDS.map((band) => join(folder, `${name}_${band.name}.tif`)))
    const found = await python("tiff_read", ...files)
    expect(await Promise.all(files.map(ours))).toEqual(found)
  })

  peer("reads packed strips and tiles alike", ["rasterio"], async (python) => {
    const grey = Buffer.from(Uint8Array.from({ length: 40 * 30 }, (_, i) => (i * 7) % 251))
    const files: Array<string> = []
    for (const compression of ["none", "deflate", "lzw", "packbits"] as const) {
      for (const tile of [false, true]) {
        const file = join(root, `${compression}-${tile}.tif`)
        const image = sharp(grey, { raw: { width: 40, height: 30, channels: 1 } }).toColourspace("b-w")
        await image.tiff({ compression, predictor: "horizontal", tile, tileWidth: 16, tileHeight: 16 }).toFile(file)
        files.push(file)
      }
    }
    const found = await python("tiff_read", ...files)
    expect(await Promise.all(files.map(ours))).toEqual(found)
  })

  peer("reads what GDAL writes: types, packings, predictors, byte orders, tiles", ["rasterio"], async (python) => {
    const folder = join(root, "written")
    mkdirSync(folder)
    const written = (await python("tiff_write", folder)) as ReadonlyArray<readonly [string, ReadonlyArray<string>]>
    expect(written.length).toBeGreaterThan(800)
    for (const [file, hashes] of written) {
      const bands = await decodeTiffBands(await readFile(file), file)
      expect(
        bands.map(({ data }) => createHash("sha256").update(rawBytes(data)).digest("hex")),
        file
      ).toEqual(hashes)
    }
  })
})

describe("inspect against rasterio and numpy", () => {
  peer("says the same of bands and arrays", ["rasterio", "numpy"], async (python) => {
    const { collect } = runIn(root)
    const [patch] = await Effect.runPromise(collect(miniature({ patches: 2 })))
    const files = ["B01", "B05", "B8A"].map((band) => join(patch.folder, `${patch.name}_${band}.tif`))
    files.push(join(root, "numbers.npy"), join(root, "columns.npy"))
    const numbers = Float64Array.from({ length: 12 }, (_, i) => Math.sin(i))
    writeNpy(files[3], numbers, 3, 4)
    writeFileSync(files[4], npyBytes(numbers, 3, 4, { fortran: true }))
    const found = await Effect.runPromise(Effect.forEach(files, (from) => collect(inspect({ from }))))
    const ours = found.flat().map(({ dtype, shape, sha256, min, max, mean }) => [dtype, shape, sha256, min, max, mean])
    const theirs = (await python("hash_files", ...files)) as typeof ours
    expect(ours.map((facts) => facts.slice(0, 5))).toEqual(theirs.map((facts) => facts.slice(0, 5)))
    for (const [i, facts] of ours.entries()) expect(facts[5]).toBeCloseTo(theirs[i][5] as number, 9)
  })
})

describe("LMDB against Python's", () => {
  const sizes = [0, 1, 100, 2000, 2031, 2032, 4080, 4081, 50_000]
  const entries = Array.from(
    { length: 300 },
    (_, i) => [`S2A_${(i * 7919) % 1009}_ü`, sizes[i % sizes.length]] as const
  )
  const byte = (name: string) => Buffer.from(name).reduce((sum, one) => sum + one, 0) % 256

  peer("reads what it writes, after deletions too", ["lmdb"], async (python) => {
    const path = join(root, "python.lmdb")
    const deleted = entries.filter((_, i) => i % 5 === 0).map(([name]) => name)
    await python("lmdb_write", path, JSON.stringify({ entries, deleted }))
    const kept = entries.filter(([name]) => !deleted.includes(name))
    const found = await Effect.runPromise(
      Effect.scoped(
        Effect.map(openReader(path), (store) => {
          expect(store.version).toBe(1)
          return new Map([...store.names()].map((name) => [name, store.read(name)]))
        })
      )
    )
    expect([...found.keys()].sort()).toEqual(kept.map(([name]) => name).sort())
    for (const [name, size] of kept) {
      expect(found.get(name)?.length).toBe(size)
      expect(found.get(name)?.every((one) => one === byte(name))).toBe(true)
    }
  })

  peer("takes its stores however they were written", ["lmdb"], async (python) => {
    const folder = join(root, "ways")
    const ways = (await python("lmdb_ways", folder)) as Readonly<Record<string, ReadonlyArray<string>>>
    expect(Object.keys(ways)).toHaveLength(9)
    for (const [way, names] of Object.entries(ways)) {
      const found = Effect.scoped(Effect.map(openReader(join(folder, way)), (store) => [...store.names()]))
      expect(await Effect.runPromise(found), way).toEqual(names)
    }
  })

  peer("writes for tests what it reads", ["lmdb"], async (python) => {
    for (const [i, options] of [{}, { perPage: 3 }, { pageSize: 16384, newest: 0 } as const].entries()) {
      const path = join(root, `tests${i}.lmdb`)
      writeVersion1(
        path,
        entries.map(([name, size]) => [name, new Uint8Array(size).fill(byte(name))]),
        {
          ...options,
          mapSize: 1n << 30n
        }
      )
      const expected = Object.fromEntries(entries.map(([name, size]) => [name, [size, size === 0 ? [] : [byte(name)]]]))
      expect(await python("lmdb_read", path)).toEqual(expected)
    }
  })
})

describe("safetensors against Python's", () => {
  peer("opens what we write", ["safetensors", "numpy"], async (python) => {
    const file = join(root, "x.safetensors")
    const tensors = [
      { name: "B02", dtype: "uint16", shape: [2, 2], data: Uint16Array.of(0, 1, 256, 65535) },
      { name: "VV", dtype: "float32", shape: [1, 3], data: Float32Array.of(-12.5, 0, 1) }
    ] as const
    writeFileSync(file, encodeSafetensors(tensors, { labels_19: '["Pastures"]' }))
    expect(await python("safetensors_read", file)).toEqual({
      B02: ["uint16", [2, 2], [0, 1, 256, 65535]],
      VV: ["float32", [1, 3], [-12.5, 0, 1]]
    })
  })

  peer("opens the shards of an export, every band as it was archived", ["safetensors", "numpy"], async (python) => {
    const { collect } = runIn(root)
    await Effect.runPromise(collect(miniature({ patches: 2 }).pipe(decode(), store({ to: "exported.lmdb" }))))
    const files = await Effect.runPromise(collect(exportStore({ from: "exported.lmdb", to: "exported", size: 1 })))
    const facts = await Effect.runPromise(collect(inspect({ from: "miniature" })))
    expect(await python("safetensors_hash", ...files.map(({ path }) => path))).toEqual(
      Object.fromEntries(
        facts.map(({ band, dtype, patch, sha256, shape }) => [`${patch}/${band}`, [dtype, shape, sha256]])
      )
    )
  })
})
