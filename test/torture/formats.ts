/** The files that are damaged, and how each is read. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { deflateSync } from "node:zlib"
import { Effect, Result } from "effect"
import { parquetWriteBuffer } from "hyparquet-writer"
import sharp from "sharp"
import { language } from "../../src/experiments/plan/plan.ts"
import { readParquet } from "../../src/ops/data/archives/bigearthnet-v2/parquet.ts"
import { openReader, openWriter } from "../../src/ops/data/stores/open-store.ts"
import type { Pixels } from "../../src/ops/elements.ts"
import { readMatrix } from "../../src/ops/formats/mat/read.ts"
import { decodeNpy } from "../../src/ops/formats/npy.ts"
import { decodeSafetensors } from "../../src/ops/formats/safetensors/read.ts"
import { encodeSafetensors } from "../../src/ops/formats/safetensors/write.ts"
import { decodeTiff } from "../../src/ops/formats/tiff/read.ts"
import { encodeGeoTiff } from "../../src/ops/formats/tiff/write.ts"
import { loadWeights } from "../../src/ops/model/load/load.ts"
import { makeModel } from "../../src/ops/model/model.ts"
import { load } from "../../src/pipeline/load.ts"
import { hash } from "../../src/pipeline/print.ts"
import { runHere } from "../experiments/in-process.ts"
import { initialWeights } from "../ops/model/initial.ts"
import { originalCheckpoint } from "../ops/model/load/pytorch/pth-writer.ts"
import { npyBytes } from "../ops/retrieve/embeddings/npy.ts"

/** Values under names, as bytes. */
export type Values = Readonly<Record<string, Uint8Array>>

export interface Format {
  readonly whole: Uint8Array
  /** Reads a copy; rejects with an error that a user understands if it cannot. */
  readonly read: (bytes: Uint8Array) => Promise<Values>
  /**
   * What a flipped bit may change unnoticed, since these formats have no checksum over their values: as many bits of the
   * values as of the file, or, where values are words of the file, any part of them.
   */
  readonly loses: "bits" | "words"
}

const raw = (data: Pixels): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
const text = (value: string): Uint8Array => Buffer.from(value, "utf8")
const ramp = Uint16Array.from({ length: 400 }, (_, i) => (i * 977) % 65536)
const PLACE = { ulx: 600_000, uly: 4_900_020, metres: 60, epsg: 32629 }

const tiff = async (): Promise<Format> => ({
  whole: encodeGeoTiff(ramp, 20, 20, PLACE, 6),
  read: async (bytes) => ({ band: raw((await decodeTiff(bytes, "the file")).data) }),
  loses: "bits"
})

const deflatedTiff = async (): Promise<Format> => ({
  ...(await tiff()),
  whole: await sharp(ramp, { raw: { width: 20, height: 20, channels: 1 } })
    .toColourspace("grey16")
    .tiff({ compression: "deflate", predictor: "horizontal", tile: true, tileWidth: 16, tileHeight: 16 })
    .toBuffer(),
  // Its directory has no checksum: without the predictor's tag, or with an empty piece, it is another sound file.
  loses: "words"
})

const safetensors = async (): Promise<Format> => ({
  whole: encodeSafetensors(
    [
      { name: "B02", dtype: "uint16", shape: [20, 20], data: ramp },
      { name: "VV", dtype: "float32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }
    ],
    { labels_19: '["Pastures"]' }
  ),
  read: async (bytes) =>
    Object.fromEntries(decodeSafetensors(bytes, "the file").tensors.map(({ data, name }) => [name, raw(data)])),
  loses: "bits"
})

const npy = async (): Promise<Format> => ({
  whole: npyBytes(
    Float64Array.from({ length: 60 }, (_, i) => Math.sin(i)),
    6,
    10
  ),
  read: async (bytes) => ({ numbers: raw(decodeNpy(bytes, "the file").data) }),
  loses: "bits"
})

/** Every format gets a folder of its own, which `close` removes. */
const folders: Array<string> = []
const folder = (): string => {
  folders.push(mkdtempSync(join(tmpdir(), "orbitrank-torture-")))
  return folders[folders.length - 1]
}
export const close = (): void => {
  for (const one of folders.splice(0)) rmSync(one, { recursive: true, force: true })
}

const lmdb = async (): Promise<Format> => {
  const home = folder()
  const entries = Array.from({ length: 12 }, (_, i) => [`patch_${i}`, new Uint8Array(300 + 900 * i).fill(i)] as const)
  const made = Effect.map(openWriter(join(home, "whole")), (store) => store.write(entries))
  await Effect.runPromise(Effect.scoped(made))
  let copies = 0
  return {
    whole: readFileSync(join(home, "whole", "data.mdb")),
    read: async (bytes) => {
      // A path of its own: LMDB keeps stores of a process open by their path.
      const path = join(home, `copy-${copies++}`)
      mkdirSync(path)
      writeFileSync(join(path, "data.mdb"), bytes)
      const read = Effect.map(openReader(path), (store) =>
        Object.fromEntries([...store.names()].map((name) => [name, store.read(name)]))
      )
      try {
        return await Effect.runPromise(Effect.scoped(read))
      } finally {
        rmSync(path, { recursive: true, force: true })
      }
    },
    loses: "bits"
  }
}

const parquet = async (): Promise<Format> => {
  const path = join(folder(), "file.parquet")
  const names = Array.from({ length: 40 }, (_, i) => `patch_${i % 7}_${i}`)
  const whole = new Uint8Array(
    parquetWriteBuffer({ columnData: [{ name: "patch_id", data: names, type: "STRING" }], codec: "SNAPPY" })
  )
  return {
    whole,
    read: async (bytes) => {
      writeFileSync(path, bytes)
      const { patch_id } = await readParquet(path, { patch_id: "text" })
      return { patch_id: text(patch_id.join("\n")) }
    },
    loses: "words"
  }
}

/** One element of a MATLAB file of level 5: type, length, content, filled up to eight bytes. */
const element = (type: number, content: Uint8Array): Buffer => {
  const tag = Buffer.alloc(8)
  tag.writeUInt32LE(type, 0)
  tag.writeUInt32LE(content.length, 4)
  return Buffer.concat([tag, content, Buffer.alloc((8 - (content.length % 8)) % 8)])
}

const mat = async (): Promise<Format> => {
  const numbers = Float64Array.from({ length: 60 }, (_, i) => i % 2)
  const variable = element(
    14,
    Buffer.concat([
      element(6, Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 0)),
      element(5, raw(Int32Array.of(6, 10))),
      element(1, text("labels")),
      element(9, raw(numbers))
    ])
  )
  const header = Buffer.alloc(128, " ")
  header.write("MATLAB 5.0 MAT-file", "latin1")
  header.writeUInt16LE(0x0100, 124)
  header.write("IM", 126, "latin1")
  const packed = deflateSync(variable)
  const tag = Buffer.alloc(8)
  tag.writeUInt32LE(15, 0)
  tag.writeUInt32LE(packed.length, 4)
  return {
    whole: Buffer.concat([header, tag, packed]),
    read: async (bytes) => ({ labels: raw(readMatrix(bytes, "the file", "labels").values) }),
    loses: "bits"
  }
}

const pth = async (): Promise<Format> => {
  const path = join(folder(), "weights.pth")
  const model = makeModel({ backbone: "resnet10-slim", pooling: "avg", channels: 3, num_classes: 6 })
  const initial = initialWeights(model, 6)
  return {
    whole: originalCheckpoint(3, initialWeights(model, 5)),
    read: async (bytes) => {
      writeFileSync(path, bytes)
      const { arrays } = loadWeights(path, model, initial)
      return Object.fromEntries(arrays.map(({ data, name }) => [name, raw(data)]))
    },
    loses: "bits"
  }
}

/** The record of a finished run: the next run skips, runs again or refuses, and its results stay. */
const record = async (): Promise<Format> => {
  const home = folder()
  const config = join(home, "torture.yaml")
  const out = join(home, "run")
  const npyFile = join(home, "e.npy")
  writeFileSync(npyFile, npyBytes(Float32Array.from({ length: 48 }, (_, i) => Math.cos(i)) as never, 12, 4))
  writeFileSync(join(home, "e.csv"), `name,a,b\n${Array.from({ length: 12 }, (_, i) => `p${i},${i % 2},1\n`).join("")}`)
  writeFileSync(
    config,
    `device: cpu\npipelines:\n  a: [{ embeddings: { from: ${npyFile}, labels: ${join(home, "e.csv")} } }, { rank: { queries: 0.25 } }, { measure: { at: [2] } }, report]\n`
  )
  const results = async () => {
    const ran = await runHere(config, [], { out })
    if (ran.error !== "") throw Object.assign(new Error(ran.error), { _tag: "Refused" })
    return { results: text(JSON.stringify(ran.results)) }
  }
  await results()
  const path = join(out, "record.json")
  const whole = readFileSync(path)
  return {
    whole,
    read: async (bytes) => {
      writeFileSync(path, bytes)
      return results()
    },
    // Results that were read from a damaged record may have lost bits: a figure is text.
    loses: "words"
  }
}

const yaml = async (): Promise<Format> => ({
  whole: readFileSync(join(import.meta.dirname, "../../configs/quickstart.yaml")),
  read: async (bytes) => {
    const loaded = Result.getOrThrow(load(Buffer.from(bytes).toString("utf8"), "the file", language))
    const plan = [...loaded.pipelines].map(([name, pipeline]) => `${name} ${hash(pipeline)}`)
    return { plan: text(plan.join("\n")) }
  },
  loses: "words"
})

/** All formats by name. */
export const formats: Readonly<Record<string, () => Promise<Format>>> = {
  tiff,
  "tiff-deflate": deflatedTiff,
  safetensors,
  npy,
  lmdb,
  parquet,
  mat,
  pth,
  record,
  yaml
}
