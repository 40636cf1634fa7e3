/** WebDatasets in shards: samples, labels of each form, facts, splits, and what is wrong with them. */
import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import { type ArchiveChoice, decodePatch, openArchive } from "../../../../../src/ops/data/archives/open-archive.ts"
import { membersOf, readMembers, tarOf } from "../../../../../src/ops/data/archives/webdataset/tar.ts"
import { encodeGeoTiff } from "../../../../../src/ops/formats/tiff/write.ts"
import { temporaryFolder } from "../../folder.ts"

const png = (value: number) =>
  sharp(Buffer.alloc(12, value), { raw: { width: 2, height: 2, channels: 3 } })
    .png()
    .toBuffer()
const text = (value: string) => Buffer.from(value, "utf8")

const holding = (files: Readonly<Record<string, string | Uint8Array>>) => {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

const opened = async (folder: string, choice: ArchiveChoice = {}) => {
  const { findings, kind, names, nomenclature, reference } = await openArchive(folder, { ...choice })
  return { findings, kind, names, classes: nomenclature.classes, references: await Promise.all(names.map(reference)) }
}
const refused = (folder: string, choice: ArchiveChoice = { kind: "webdataset" }) =>
  opened(folder, choice).then(
    () => "",
    (fault: Error) => fault.message
  )

describe("a WebDataset", () => {
  it("has samples with classes by name and number, lists and facts, and splits by shard", async () => {
    const folder = holding({
      "train-000000.tar": tarOf([
        ["a.png", await png(10)],
        ["a.cls", text("2\n")],
        ["b.rgb.png", await png(20)],
        ["b.json", text('{"label": ["lake", "ice"], "date": "2020-01-31", "cloud": 3, "box": [1]}')],
        ["b.txt", text("a caption")]
      ]),
      "val/shard-1.tar": tarOf([["c.png", await png(30)]]),
      "classes.txt": "ice\nrock\nlake\n"
    })
    const { classes, findings, names, references } = await opened(folder, { kind: "webdataset" })
    expect([names, classes]).toEqual([
      ["a", "b", "c"],
      ["ice", "rock", "lake"]
    ])
    expect(references.map(({ labels, split }) => [labels, split])).toEqual([
      [["lake"], "train"],
      [["ice", "lake"], "train"],
      [[], "val"]
    ])
    expect(references[1].facts).toMatchObject({ date: "2020-01-31", cloud: "3" })
    expect(findings).toMatchObject([{ what: "images have no label", examples: ["c"], severity: "note" }])
    const values = await Promise.all(
      references.map(async (one) => (await decodePatch(one)).bands.map(({ data }) => data[3]))
    )
    expect(values).toEqual([10, 20, 30].map((value) => [value, value, value]))
  })

  it("has classes in the order of numbers, then of names, where no file lists them", async () => {
    const members = [10, 9, "x", "b"].flatMap((label, i) => [
      [`s${i}.png`, i] as const,
      [`s${i}.cls`, text(String(label))] as const
    ])
    const image = await png(1)
    const shard = tarOf(members.map(([name, content]) => [name, typeof content === "number" ? image : content]))
    const { classes, kind } = await opened(holding({ "data.tar": shard }))
    expect([kind, classes]).toEqual(["webdataset", ["9", "10", "b", "x"]])
  })

  it("has tifs with bands of their own", async () => {
    const tif = encodeGeoTiff(Uint16Array.from([1, 2, 3, 4]), 2, 2, { epsg: 32632, metres: 10, ulx: 0, uly: 0 })
    const folder = holding({ "data.tar": tarOf([["a.tif", tif]]) })
    const { references } = await opened(folder, { kind: "webdataset", bands: ["B04"] })
    const { bands } = await decodePatch(references[0])
    expect(bands).toMatchObject([{ name: "B04", dtype: "uint16", data: Uint16Array.of(1, 2, 3, 4) }])
  })

  it("may come from GNU tar, with long names of either form", async () => {
    const long = `${"deep/".repeat(30)}${"n".repeat(120)}`
    const inside = holding({ [`${long}.png`]: await png(7), [`${long}.cls`]: "a" })
    for (const format of ["gnu", "pax"]) {
      const folder = temporaryFolder()
      execFileSync("tar", [`--format=${format}`, "-C", inside, "-cf", join(folder, "x.tar"), "."])
      const { names, references } = await opened(folder)
      expect([names, references[0].labels]).toEqual([[long], ["a"]])
      expect((await decodePatch(references[0])).bands[0].data[0]).toBe(7)
    }
  })

  it("is refused where it is damaged or ambiguous, with what to do", async () => {
    const image = await png(1)
    const shard = tarOf([["a.png", image]])
    expect(await refused(holding({ "x.txt": "" }))).toMatch(
      /holds no tar files\. Give the folder that holds the shards/
    )
    expect(await refused(holding({ "x.tar": tarOf([["a.txt", text("")]]) }))).toMatch(
      /has no image \(tif, jpg or png\)/
    )
    expect(await refused(holding({ "x.tar": shard.subarray(0, 600) }))).toMatch(/x\.tar: ends within a member\. Get/)
    const flipped = Buffer.from(shard)
    flipped[3] ^= 1
    expect(await refused(holding({ "x.tar": flipped }))).toMatch(/x\.tar: has a damaged header at byte 0\./)
    expect(await refused(holding({ "x.tar": shard, "y.tar": shard }))).toMatch(
      /has two samples a: in x\.tar and y\.tar/
    )
    const two = tarOf([
      ["a.png", image],
      ["a.rgb.jpg", image]
    ])
    expect(await refused(holding({ "x.tar": two }))).toMatch(/two images of the sample a: a\.png and a\.rgb\.jpg/)
    const labelled = (name: string, content: string) =>
      holding({
        "x.tar": tarOf([
          ["a.png", image],
          [name, text(content)]
        ]),
        "classes.txt": "sea\n"
      })
    expect(await refused(labelled("a.json", "{"))).toMatch(/x\.tar: a\.json: /)
    expect(await refused(labelled("a.json", "[1]"))).toMatch(/is not a JSON object/)
    expect(await refused(labelled("a.json", '{"label": {"x": 1}}'))).toMatch(
      /has `label` that is neither names nor numbers/
    )
    expect(await refused(labelled("a.cls", " "))).toMatch(/is not the name or number of a class/)
    expect(await refused(labelled("a.cls", "7"))).toMatch(/has the label 7 at a, which classes\.txt does not name/)
    const broken = await opened(holding({ "x.tar": tarOf([["a.png", image.subarray(0, 40)]]) }))
    await expect(decodePatch(broken.references[0])).rejects.toThrow(/x\.tar: a: cannot be read as an image/)
  })
})

/** A tar file whose first member has another type. */
const typed = (type: string, members: Parameters<typeof tarOf>[0]): Buffer => {
  const bytes = tarOf(members)
  const sum = Number.parseInt(bytes.toString("latin1", 148, 154), 8) + type.charCodeAt(0) - "0".charCodeAt(0)
  bytes.write(type, 156)
  bytes.write(sum.toString(8).padStart(6, "0"), 148)
  return bytes
}

describe("a WebDataset that would be read wrongly", () => {
  const sample = async (...more: ReadonlyArray<readonly [string, string]>) =>
    tarOf([["a.png", await png(1)], ...more.map(([name, content]) => [name, text(content)] as const)])

  it("keeps facts apart from what the reader itself notes", async () => {
    const shard = await sample(["a.json", '{"labels": ["sea"], "bands": "RGB", "max_values": 3, "lat": 47.5}'])
    const { references } = await opened(holding({ "x.tar": shard }))
    expect(references[0].facts).toMatchObject({ "own bands": "RGB", "own max_values": "3", latitude: "47.5" })
    expect((await decodePatch(references[0])).bands.length).toBe(3)
  })

  it("is refused where a shard was cut off between members or in a header", async () => {
    const image = await png(1)
    const two = tarOf([
      ["a.png", image],
      ["b.png", image]
    ])
    const first = (two.length - 1024) / 2
    for (const end of [0, first, first + 100, 2 * first]) {
      expect(await refused(holding({ "x.tar": two.subarray(0, end) }))).toMatch(/x\.tar: ends without an empty block/)
    }
  })

  it("is refused where a member is a link, occurs twice, or is far too large for labels", async () => {
    const image = await png(1)
    for (const type of ["1", "2", "S"]) {
      const shard = typed(type, [
        ["a.cls", text("")],
        ["a.png", image]
      ])
      expect(await refused(holding({ "x.tar": shard }))).toMatch(/x\.tar: holds a\.cls as a link or in pieces\./)
    }
    expect(await refused(holding({ "x.tar": await sample(["a.cls", "sea"], ["a.cls", "ice"]) }))).toMatch(
      /x\.tar: has two members a\.cls\./
    )
    const large = tarOf([
      ["a.png", image],
      ["a.json", Buffer.alloc(16 * 2 ** 20 + 1, " ")]
    ])
    expect(await refused(holding({ "x.tar": large }))).toMatch(/x\.tar: has 16777217 bytes of labels in a\.json\./)
  })

  it("is refused where labels are a row of 0 and 1, or shards are compressed", async () => {
    expect(await refused(holding({ "x.tar": await sample(["a.json", '{"labels": [0, 1, 0, 1]}']) }))).toMatch(
      /a\.json: has `labels` with a number that occurs twice.*Give the numbers of its classes/
    )
    const shard = await sample()
    for (const name of ["y.tar.gz", "y.tgz"]) {
      expect(await refused(holding({ "x.tar": shard, [name]: "" }))).toMatch(/y\.t\S+: is compressed.*Decompress it/)
    }
    expect((await opened(holding({ "x.tar": shard, "x.tar.gz": "" }), { kind: "webdataset" })).names).toEqual(["a"])
  })

  it("finds classes in any spelling, and is refused where `classes.txt` has an empty line or a class twice", async () => {
    const shard = await sample(["a.json", '{"labels": ["Bare-Soil", 0]}'])
    const { references } = await opened(holding({ "x.tar": shard, "classes.txt": "sea \r\nbare soil\r\n\r\n" }))
    expect(references[0].labels).toEqual(["sea", "bare soil"])
    for (const list of ["sea\n\nice\n", "sea\nice\nsea"]) {
      expect(await refused(holding({ "x.tar": shard, "classes.txt": list }))).toMatch(
        /classes\.txt: has an empty line or a class twice\. Give one class per line/
      )
    }
  })
})

describe("tar", () => {
  it("gives back what was put in, and lists what the program `tar` lists", async () => {
    const path = join(temporaryFolder(), "x.tar")
    const given: ReadonlyArray<readonly [string, Buffer]> = [0, 1, 511, 512, 513].map((size) => [
      `f${size}`,
      Buffer.alloc(size, size)
    ])
    writeFileSync(path, tarOf(given))
    expect(execFileSync("tar", ["-tf", path], { encoding: "utf8" }).trim().split("\n")).toEqual(
      given.map(([name]) => name)
    )
    const members = await membersOf(path)
    expect(members.map(({ name, size }) => [name, size])).toEqual(given.map(([name, { length }]) => [name, length]))
    expect(await readMembers(path, members)).toEqual(given.map(([, content]) => content))
    expect(readFileSync(path)).toEqual(tarOf(given))
  })
})
