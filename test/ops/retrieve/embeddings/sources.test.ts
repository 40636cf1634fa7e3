/** Embeddings of every format: what `save` writes is read back, and files of other programs are read. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { crc32, deflateRawSync } from "node:zlib"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { parquetWriteBuffer } from "hyparquet-writer"
import { describe, expect, it } from "vitest"
import type { Embeddings } from "../../../../src/ops/elements.ts"
import { toHalf } from "../../../../src/ops/formats/half.ts"
import { joinedCrc } from "../../../../src/ops/formats/joined-crc.ts"
import { encodeBlob } from "../../../../src/ops/formats/safetensors/write.ts"
import { zipDirectory, zipLocal } from "../../../../src/ops/formats/zip-write.ts"
import { embeddings } from "../../../../src/ops/retrieve/embeddings/embeddings.ts"
import { FORM_NAMES } from "../../../../src/ops/retrieve/embeddings/embeddings-file.ts"
import { save } from "../../../../src/ops/retrieve/embeddings/save.ts"
import { Run } from "../../../../src/ops/run.ts"
import { toStream } from "../../../../src/pipeline/interpret.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"
import { embeddings as batchesOf } from "../cases.ts"
import { npyBytes } from "./npy.ts"

type Fake = Effect.Success<typeof fakeRun>
type Given = Parameters<typeof embeddings>[0]

const collect = (fake: Fake, given: Given) =>
  Effect.provideService(Stream.runCollect(toStream(embeddings(given))), Run, fake.run)

/** All batches as one. */
const read = (fake: Fake, given: Given) =>
  Effect.map(collect(fake, given), (batches) => ({
    names: batches.flatMap(({ names }) => names),
    vectors: batches.flatMap(({ vectors }) => [...vectors]),
    labels: batches.flatMap(({ labels }) => [...labels]),
    facts: batches.flatMap(({ facts = [] }) => facts),
    classes: batches[0].classes,
    dim: batches[0].dim
  }))
const message = (fake: Fake, given: Given) =>
  Effect.map(Effect.flip(collect(fake, given)), (fault) => (fault as Error).message)

const vectors = Float32Array.from({ length: 10 * 3 }, (_, i) => Math.fround(Math.sin(i)))
const labels = Uint8Array.from({ length: 10 * 2 }, (_, i) => (i % 3 === 0 ? 1 : 0))
const batches = batchesOf(vectors, labels, 3, 2, 4).map(
  (batch): Embeddings => ({ ...batch, classes: ['land, "wild"', "Meer"] })
)

describe("what `save` writes", () => {
  for (const form of FORM_NAMES) {
    effect(`as ${form} is read back`, () =>
      Effect.gen(function* () {
        const fake = yield* fakeRun
        const saved = save.run({ as: form, to: "e" } as never, { expect: () => {} })(
          Stream.fromIterable(batches) as never
        ) as unknown as Stream.Stream<Embeddings, Error, Run>
        yield* Stream.runDrain(saved).pipe(Effect.provideService(Run, fake.run))
        const beside = form === "npy" || form === "safetensors"
        const from = join(fake.folder, `e.${form}`)
        const found = yield* read(fake, beside ? { from, labels: join(fake.folder, "e.csv") } : { from })
        expect(found.vectors).toEqual([...vectors])
        expect(found.names).toEqual(batches.flatMap(({ names }) => names))
        // Parquet holds the names of labels, whose classes are read in alphabetical order.
        const order = form === "parquet" ? [1, 0] : [0, 1]
        expect(found.classes).toEqual(order.map((c) => batches[0].classes[c]))
        expect(found.labels).toEqual(Array.from(labels, (_, i) => labels[i - (i % 2) + order[i % 2]]))
        expect(fake.wrote).toContain(from)
      })
    )
  }

  effect("keeps facts in parquet", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const facts = batches[0].names.map((_, i) => ({ country: i % 2 === 0 ? "Österreich" : "Serbia" }))
      const saved = save.run({ as: "parquet", to: "e" } as never, { expect: () => {} })(
        Stream.make({ ...batches[0], facts }) as never
      ) as unknown as Stream.Stream<Embeddings, Error, Run>
      yield* Stream.runDrain(saved).pipe(Effect.provideService(Run, fake.run))
      expect((yield* read(fake, { from: join(fake.folder, "e.parquet") })).facts).toEqual(facts)
    })
  )
})

const zip = (members: Readonly<Record<string, Buffer>>, packed = false): Buffer => {
  let at = 0
  const parts = Object.entries(members).map(([name, content]) => {
    const body = packed ? deflateRawSync(content) : content
    const local = Buffer.from(zipLocal({ name, at, size: content.length, crc: crc32(content) }))
    if (packed) {
      local.writeUInt16LE(8, 8)
      local.writeUInt32LE(body.length, 18)
    }
    const part = {
      name,
      at,
      size: content.length,
      crc: crc32(content),
      body: Buffer.concat([local, body]),
      packed: body.length
    }
    at += part.body.length
    return part
  })
  const directory = Buffer.from(zipDirectory(parts, at))
  if (packed) {
    let entry = 0
    for (const { name, packed: length } of parts) {
      directory.writeUInt16LE(8, entry + 10)
      directory.writeUInt32LE(length, entry + 20)
      entry += 46 + name.length
    }
  }
  return Buffer.concat([...parts.map(({ body }) => body), directory])
}

describe("embeddings of other programs", () => {
  effect("of half precision and int8, from .npy and safetensors", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const half = toHalf(Float32Array.of(1, -2, 0.5, 65504, 0, 3))
      const npy = npyBytes(new Uint8Array(half.buffer), 2, 3, { descr: "<f2" })
      writeFileSync(join(fake.folder, "half.npy"), npy)
      expect((yield* read(fake, { from: join(fake.folder, "half.npy") })).vectors).toEqual([1, -2, 0.5, 65504, 0, 3])
      writeFileSync(join(fake.folder, "int.npy"), npyBytes(Uint8Array.of(1, 255, 128, 127), 2, 2, { descr: "|i1" }))
      expect((yield* read(fake, { from: join(fake.folder, "int.npy") })).vectors).toEqual([1, -1, -128, 127])
      const blob = encodeBlob(
        [
          { name: "vectors", code: "BF16", shape: [2, 2], data: Uint16Array.of(0x3f80, 0xc000, 0x4049, 0) },
          { name: "mean", code: "F32", shape: [2], data: Float32Array.of(1, 2) }
        ],
        {}
      )
      writeFileSync(join(fake.folder, "b.safetensors"), blob)
      const found = yield* read(fake, { from: join(fake.folder, "b.safetensors") })
      expect(found).toMatchObject({ vectors: [1, -2, 3.140625, 0], names: ["0", "1"], labels: [], classes: [] })
    })
  )

  effect("from .npz archives, stored and compressed, by the name of the array", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const [a, b] = [npyBytes(Float32Array.of(1, 2, 3, 4), 2, 2), npyBytes(Float64Array.of(5, 6), 1, 2)]
      for (const packed of [false, true]) {
        const from = join(fake.folder, `${packed}.npz`)
        writeFileSync(from, zip({ "a.npy": a, "b.npy": b }, packed))
        expect(yield* message(fake, { from })).toContain(
          "has 2 arrays that may be the embeddings: a, b. Name one of these"
        )
        expect((yield* read(fake, { from, array: "a" })).vectors).toEqual([1, 2, 3, 4])
        expect((yield* read(fake, { from, array: "b" })).vectors).toEqual([5, 6])
        expect(yield* message(fake, { from, array: "c" })).toContain(
          "has no array of embeddings named c; those that fit: a, b"
        )
      }
      writeFileSync(join(fake.folder, "bad.npz"), zip({ "a.npy": a }).subarray(0, 90))
      expect(yield* message(fake, { from: join(fake.folder, "bad.npz") })).toContain(
        "is a zip archive whose end is missing"
      )
    })
  )

  effect("from Parquet: names, labels, the centre of a geometry, and other columns as facts", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const from = join(fake.folder, "product.parquet")
      const point = (x: number, y: number) => {
        const bytes = Buffer.alloc(21)
        bytes.writeUInt8(1, 0)
        bytes.writeUInt32LE(1, 1)
        bytes.writeDoubleLE(x, 5)
        bytes.writeDoubleLE(y, 13)
        return new Uint8Array(bytes)
      }
      const bytes = parquetWriteBuffer({
        schema: [
          { name: "root", num_children: 6 },
          { name: "unique_id", type: "BYTE_ARRAY", converted_type: "UTF8" },
          { name: "embedding", repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
          { name: "list", repetition_type: "REPEATED", num_children: 1 },
          { name: "element", repetition_type: "OPTIONAL", type: "FLOAT" },
          { name: "geometry", type: "BYTE_ARRAY" },
          { name: "grid_row", type: "INT64" },
          { name: "cloud", type: "DOUBLE" },
          { name: "labels", type: "BYTE_ARRAY", converted_type: "UTF8" }
        ],
        columnData: [
          { name: "unique_id", data: ["a", "b", "c"] },
          {
            name: "embedding",
            data: [
              [1, 2],
              [3, 4],
              [5, 6]
            ]
          },
          { name: "geometry", data: [point(13.5, 52.25), point(0, 1), point(2, 3)] },
          { name: "grid_row", data: [1n, 2n, 3n] },
          { name: "cloud", data: [0.5, undefined, 1] },
          { name: "labels", data: ["water; forest", "", "forest"] }
        ] as never
      })
      writeFileSync(from, Buffer.from(bytes))
      expect(yield* read(fake, { from })).toEqual({
        names: ["a", "b", "c"],
        vectors: [1, 2, 3, 4, 5, 6],
        labels: [1, 1, 0, 0, 1, 0],
        classes: ["forest", "water"],
        dim: 2,
        facts: [
          { grid_row: "1", cloud: "0.5", longitude: "13.5", latitude: "52.25" },
          { grid_row: "2", longitude: "0", latitude: "1" },
          { grid_row: "3", cloud: "1", longitude: "2", latitude: "3" }
        ]
      })
      expect((yield* read(fake, { from, id: "grid_row" })).names).toEqual(["1", "2", "3"])
      expect(yield* message(fake, { from, array: "cloud" })).toContain("has no column of embeddings named cloud")
      writeFileSync(from, Buffer.from(bytes).subarray(0, 300))
      expect(yield* message(fake, { from })).toContain("product.parquet: cannot be read as Parquet (")
    })
  )

  effect("from folders of parts, in the order of their numbers", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const folder = join(fake.folder, "parts")
      mkdirSync(folder)
      for (const part of [1, 2, 10]) {
        writeFileSync(join(folder, `part-${part}.npy`), npyBytes(Float32Array.of(part, -part), 1, 2))
      }
      expect((yield* read(fake, { from: folder })).vectors).toEqual([1, -1, 2, -2, 10, -10])
      expect(fake.used).toHaveLength(3)
      writeFileSync(join(folder, "part-11.npy"), npyBytes(Float32Array.of(1, 2, 3), 1, 3))
      expect(yield* message(fake, { from: folder })).toContain("part-11.npy: has embeddings of 3 numbers, but")
      writeFileSync(join(folder, "x.npz"), "")
      expect(yield* message(fake, { from: folder })).toContain("holds files of several formats (4 of .npy, 1 of .npz)")
      expect(yield* message(fake, { from: fake.folder })).toContain("holds no file of embeddings")
      expect(yield* message(fake, { from: join(fake.folder, "e.pt") })).toContain("has none of the endings .npy, .npz,")
    })
  )

  it("joins checksums", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array({ maxLength: 3000 }), (a, b) => {
        expect(joinedCrc(crc32(a), crc32(b), b.length)).toBe(crc32(Buffer.concat([a, b])))
      })
    )
  })
})

describe("labels of embeddings", () => {
  const three = (folder: string): string => {
    const from = join(folder, "e.npy")
    writeFileSync(from, npyBytes(Float32Array.of(1, 2, 3, 4, 5, 6), 3, 2))
    return from
  }
  const table = (folder: string, name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  effect("are a column of lists, whose further columns are facts", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const from = three(fake.folder)
      const csv = table(
        fake.folder,
        "l.csv",
        'image,labels,country\na.tif,"forest;water",FI\nb.tif,,IE\nc.tif,water,FI\n'
      )
      expect(yield* read(fake, { from, labels: csv })).toMatchObject({
        names: ["a.tif", "b.tif", "c.tif"],
        classes: ["forest", "water"],
        labels: [1, 1, 0, 0, 0, 1],
        facts: [{ country: "FI" }, { country: "IE" }, { country: "FI" }]
      })
      const python = table(
        fake.folder,
        "p.csv",
        'name,labels\na,"[\'forest\', \'wet, land\']"\nb,[]\nc,"[""forest""]"\n'
      )
      expect(yield* read(fake, { from, labels: python })).toMatchObject({
        classes: ["forest", "wet, land"],
        labels: [1, 1, 0, 0, 1, 0]
      })
    })
  )

  effect("are found by name, with and without the ending of a file", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const from = three(fake.folder)
      const names = table(fake.folder, "names.txt", "c.tif\na\nb.png\n")
      const csv = table(fake.folder, "l.csv", "name,land\na.jpg,1\nb,0\nc,1\nd,0\n")
      expect(yield* read(fake, { from, names, labels: csv })).toMatchObject({
        names: ["c.tif", "a", "b.png"],
        labels: [1, 1, 0]
      })
      const other = table(fake.folder, "o.csv", "name,land\na,1\nb,0\n")
      expect(yield* message(fake, { from, names, labels: other })).toContain(
        "o.csv: has no row for c.tif. Give labels of every"
      )
      const few = table(fake.folder, "few.txt", "a\n")
      expect(yield* message(fake, { from, names: few })).toContain("has 1 names, but")
    })
  )

  effect("are a matrix of 0 and 1, with and without names of classes", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const from = three(fake.folder)
      const labels = join(fake.folder, "l.npy")
      writeFileSync(labels, npyBytes(Uint8Array.of(1, 0, 0, 1, 1, 1), 3, 2, { descr: "|b1" }))
      expect(yield* read(fake, { from, labels })).toMatchObject({
        names: ["0", "1", "2"],
        classes: ["class 0", "class 1"],
        labels: [1, 0, 0, 1, 1, 1]
      })
      expect((yield* read(fake, { from, labels, classes: ["sea", "land"] })).classes).toEqual(["sea", "land"])
      expect(yield* message(fake, { from, labels, classes: ["sea"] })).toContain("has 2 classes, but `classes` names 1")
      writeFileSync(labels, npyBytes(Uint8Array.of(1, 0, 2, 1, 1, 1), 3, 2, { descr: "|u1" }))
      expect(yield* message(fake, { from, labels })).toContain("row 2 has 2 in column 1, which is neither 0 nor 1")
      writeFileSync(labels, npyBytes(Uint8Array.of(1, 0), 1, 2, { descr: "|u1" }))
      expect(yield* message(fake, { from, labels })).toContain("l.npy: has 1 rows, but")
    })
  )

  effect("that are missing leave no classes", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const from = three(fake.folder)
      const names = table(fake.folder, "n.csv", "name\nx\ny\nz\n")
      expect(yield* read(fake, { from, names })).toMatchObject({ names: ["x", "y", "z"], classes: [], labels: [] })
      expect(readFileSync(names, "utf8")).toContain("x")
    })
  )
})
