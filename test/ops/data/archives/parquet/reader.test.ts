/**
 * Images in Parquet files. `images.parquet` was written by pyarrow:
 * `python test/peers/scripts/parquet_images.py images.parquet datasets`.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { parquetWriteBuffer } from "hyparquet-writer"
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import { archive } from "../../../../../src/ops/data/archives/archive.ts"
import { decode } from "../../../../../src/ops/data/archives/decode.ts"
import { type ArchiveChoice, decodePatch, openArchive } from "../../../../../src/ops/data/archives/open-archive.ts"
import { facts } from "../../../../../src/ops/data/facts/facts.ts"
import { effect } from "../../../../effect.ts"
import { temporaryFolder } from "../../folder.ts"
import { runIn } from "../../streams.ts"

const FIXTURE = join(import.meta.dirname, "images.parquet")

type Schema = NonNullable<Parameters<typeof parquetWriteBuffer>[0]["schema"]>
type Columns = Parameters<typeof parquetWriteBuffer>[0]["columnData"]

const IMAGE: Schema = [
  { name: "image", repetition_type: "OPTIONAL", num_children: 2 },
  { name: "bytes", repetition_type: "OPTIONAL", type: "BYTE_ARRAY" },
  { name: "path", repetition_type: "OPTIONAL", type: "BYTE_ARRAY", converted_type: "UTF8" }
]
const text = (name: string) =>
  ({ name, repetition_type: "OPTIONAL", type: "BYTE_ARRAY", converted_type: "UTF8" }) as const

const png = (value: number) =>
  sharp(Buffer.alloc(12, value), { raw: { width: 2, height: 2, channels: 3 } })
    .png()
    .toBuffer()

/** A file of images, and of other columns. */
const fileOf = (
  images: ReadonlyArray<{ readonly bytes: Uint8Array | null; readonly path: string | null }>,
  others: Schema = [],
  columns: Columns = [],
  metadata: Readonly<Record<string, string>> = {}
) =>
  new Uint8Array(
    parquetWriteBuffer({
      schema: [{ name: "schema", num_children: 1 + columns.length }, ...IMAGE, ...others],
      columnData: [{ name: "image", data: [...images] }, ...columns],
      kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value }))
    })
  )

const holding = (files: Readonly<Record<string, string | Uint8Array>>) => {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

const opened = async (path: string, choice: ArchiveChoice = { kind: "parquet" }) => {
  const { findings, kind, names, nomenclature, reference } = await openArchive(path, choice)
  return { findings, kind, names, classes: nomenclature.classes, references: await Promise.all(names.map(reference)) }
}
const refused = (path: string, choice?: ArchiveChoice) =>
  opened(path, choice).then(
    () => "",
    (fault: Error) => fault.message
  )

describe("a Parquet file of images that pyarrow wrote", () => {
  it("has the classes and facts of the file, and images by the names of their paths", async () => {
    const { classes, findings, kind, names, references } = await opened(FIXTURE, {})
    expect([kind, classes]).toEqual(["parquet", ["forest", "water", "town"]])
    expect(names).toEqual([0, 1, 2, 3, 4, 5].map((i) => `image_${i}`))
    expect(references.map(({ labels }) => labels)).toEqual([
      ["forest", "town"],
      ["water"],
      ["town"],
      ["forest"],
      ["water", "town"],
      []
    ])
    expect(references[0].facts).toEqual({
      ...{ date: "2017-06-01", latitude: "47", country: "Austria", season: "summer", part_row: "0" }
    })
    expect(references[1].facts).toEqual({ date: "2017-06-02", latitude: "47.125", season: "winter", part_row: "1" })
    expect(findings).toMatchObject([{ what: "images have no label", examples: ["image_5"], severity: "note" }])
  })

  it("decodes its images, and names the rows that are damaged or have no bytes", async () => {
    const { references } = await opened(FIXTURE)
    const whole = await Promise.all([0, 1, 2, 5].map((i) => decodePatch(references[i])))
    for (const { bands } of whole) {
      expect(bands.map(({ dtype, height, name, width }) => [name, dtype, height, width])).toEqual(
        ["Red", "Green", "Blue"].map((name) => [name, "uint8", 5, 4])
      )
    }
    expect(new Set(whole.map(({ bands }) => Buffer.from(bands[0].data.buffer).toString("hex"))).size).toBe(4)
    await expect(decodePatch(references[3])).rejects.toThrow(/images\.parquet: image_3: cannot be read as an image/)
    await expect(decodePatch(references[4])).rejects.toThrow(/images\.parquet: row 5 has no bytes of an image\. /)
  })

  effect("leaves damaged images out like those of any archive, and writes its facts", () =>
    Effect.gen(function* () {
      const root = temporaryFolder()
      const { collect, recorded } = runIn(root)
      mkdirSync(join(root, "data"))
      copyFileSync(FIXTURE, join(root, "data", "train-00000-of-00001.parquet"))
      const listed = archive({ path: "data" })
      const failed = yield* Effect.flip(collect(listed.pipe(decode())))
      expect(failed.message).toContain("2 bad patches: ")
      const rest = yield* collect(listed.pipe(decode({ on_bad_patch: "skip" })))
      expect(rest.map(({ name, split }) => [name, split])).toEqual(
        ["image_0", "image_1", "image_2", "image_5"].map((name) => [name, "train"])
      )
      expect(recorded["skipped.decode"]).toHaveLength(2)
      yield* collect(listed.pipe(facts({ to: "facts.csv" })))
      expect(readFileSync(join(root, "facts.csv"), "utf8").split("\n").slice(0, 3)).toEqual([
        "name,latitude,date,country,season",
        "image_0,47,2017-06-01,Austria,summer",
        "image_1,47.125,2017-06-02,,winter"
      ])
    })
  )
})

describe("Parquet files of images", () => {
  it("may be parts with splits, named by position where paths occur twice", async () => {
    const part = async (value: number) =>
      fileOf([{ bytes: await png(value), path: "1.png" }], [text("label")], [{ name: "label", data: [`c${value}`] }])
    const folder = holding({
      "README.md": "",
      "data/test-0.parquet": await part(7),
      "data/train-0.parquet": await part(9)
    })
    const { classes, findings, kind, names, references } = await opened(folder, {})
    expect([kind, names, classes]).toEqual(["parquet", ["0", "1"], ["c7", "c9"]])
    expect(references.map(({ labels, split }) => [labels, split])).toEqual([
      [["c7"], "test"],
      [["c9"], "train"]
    ])
    expect(findings).toMatchObject([{ what: "images are named by the position of their row", count: 2 }])
    const values = await Promise.all(references.map(async (one) => (await decodePatch(one)).bands[0].data[0]))
    expect(values).toEqual([7, 9])
  })

  it("take names from a column, the split from another, and classes from classes.txt", async () => {
    const bytes = await png(3)
    const file = fileOf(
      [0, 1].map(() => ({ bytes, path: null })),
      [text("id"), text("split"), { name: "fine", repetition_type: "OPTIONAL", type: "INT32" }],
      [
        { name: "id", data: ["north", "south"] },
        { name: "split", data: ["validation", "test"] },
        { name: "fine", data: [1, 0] }
      ]
    )
    const folder = holding({ "x.parquet": file, "classes.txt": "sea\nland\n" })
    const { names, references } = await opened(folder, { kind: "parquet", labels: "fine" })
    expect(names).toEqual(["north", "south"])
    expect(references.map(({ labels, split }) => [labels, split])).toEqual([
      [["land"], "val"],
      [["sea"], "test"]
    ])
    // The column of labels is not needed to decode.
    expect((await decodePatch(references[1])).bands[0].data[0]).toBe(3)
    expect(await refused(folder, { kind: "parquet", labels: "fin" })).toMatch(
      /x\.parquet: has no column of labels fin; did you mean `fine`\? Name a column of texts or numbers in `labels`\./
    )
  })

  it("are refused where they are no images, damaged or ambiguous, with what to do", async () => {
    const bytes = await png(1)
    const one = [{ bytes, path: "a.png" }]
    const sound = fileOf(one)
    const at = (content: Uint8Array | string) => join(holding({ "x.parquet": content }), "x.parquet")
    const metadata = (value: string) => fileOf(one, [], [], { huggingface: value })
    expect(await refused(at("no parquet"))).toMatch(/x\.parquet: cannot be read as Parquet/)
    expect(await refused(at(sound.subarray(0, sound.length - 9)))).toMatch(/x\.parquet: cannot be read as Parquet/)
    expect(await refused(at(metadata("{")))).toMatch(/its metadata `huggingface` are not JSON/)
    const table = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "x", data: [1.5] }] }))
    expect(await refused(at(table))).toMatch(/has no column of images; its columns are x\. Give a Parquet file/)
    const twice = fileOf(
      one,
      [text("label"), text("labels")],
      [
        { name: "label", data: ["a"] },
        { name: "labels", data: ["a"] }
      ]
    )
    expect(await refused(at(twice))).toMatch(
      /has labels in several columns: label, labels\. Name one of them in `labels`/
    )
    const numbered = (names: ReadonlyArray<string>) =>
      fileOf(one, [{ name: "label", repetition_type: "OPTIONAL", type: "INT32" }], [{ name: "label", data: [2] }], {
        huggingface: JSON.stringify({ info: { features: { label: { _type: "ClassLabel", names } } } })
      })
    expect(await refused(at(numbered(["a", "b"])))).toMatch(
      /has the label 2 at a, which its list of classes does not name/
    )
    expect(await refused(holding({ "a.parquet": numbered(["a", "b", "c"]), "b.parquet": numbered(["c"]) }))).toMatch(
      /has parts with different classes: a\.parquet and b\.parquet/
    )
    expect(await refused(at(sound), { kind: "ucm" })).toMatch(/x\.parquet: is not a folder/)
    expect(await refused(holding({ "a.txt": "" }))).toMatch(/holds no Parquet files/)
  })

  it("are read again if the file changes", async () => {
    const path = at7(await png(7))
    const { references } = await opened(path)
    expect((await decodePatch(references[0])).bands[0].data[0]).toBe(7)
    writeFileSync(path, fileOf([{ bytes: await png(9), path: "longer-name.png" }]))
    expect((await decodePatch(references[0])).bands[0].data[0]).toBe(9)
  })
})

/** A file of one image. */
const at7 = (bytes: Uint8Array) => join(holding({ "x.parquet": fileOf([{ bytes, path: "a.png" }]) }), "x.parquet")
