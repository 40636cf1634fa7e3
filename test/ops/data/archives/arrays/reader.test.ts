/** Archives of one's own in arrays, written as NumPy and safetensors write them. */
import { rmSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { type ArchiveChoice, decodePatch, openArchive } from "../../../../../src/ops/data/archives/open-archive.ts"
import type { Pixels } from "../../../../../src/ops/elements.ts"
import { rawBytes } from "../../../../../src/ops/formats/dtypes.ts"
import { type NpyOptions, npyBytes } from "../../../retrieve/embeddings/npy.ts"
import { temporaryFolder } from "../../folder.ts"

type Values = Pixels | BigInt64Array

const npy = (data: Values, shape: ReadonlyArray<number>, descr: string, options: NpyOptions = {}) =>
  npyBytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 0, 0, {
    descr,
    shape: `(${shape.join(", ")})`,
    ...options
  })

/** A safetensors file by hand: our own writer knows no 64-bit numbers and no truth values. */
const safetensors = (tensors: ReadonlyArray<readonly [string, string, ReadonlyArray<number>, Values]>) => {
  let end = 0
  const entries = tensors.map(([name, dtype, shape, data]) => {
    const offsets = [end, end + data.byteLength]
    end = offsets[1]
    return [name, { dtype, shape, data_offsets: offsets }]
  })
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  const values = tensors.map(([, , , data]) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  return Buffer.concat([length, header, ...values])
}

/** Three images of 2 x 2 pixels in two bands, band last; each value tells where it stands. */
const SHAPE = [3, 2, 2, 2]
const ramp = (length = 24) => Array.from({ length }, (_, i) => i)
const bits = [1, 0, 0, 1, 1, 1]
const TABLE = "name,sea,land\nx,1,0\ny,0,1\nz,1,1\n"

/** A folder that holds these files. */
const holding = (files: Readonly<Record<string, string | Uint8Array>>) => {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

const opened = async (folder: string, choice: ArchiveChoice = {}) => {
  const { names, nomenclature, reference, ...rest } = await openArchive(folder, choice)
  const references = await Promise.all(names.map(reference))
  const raw = await Promise.all(references.map((one) => decodePatch(one)))
  return { names, classes: nomenclature.classes, labels: references.map(({ labels }) => labels), raw, ...rest }
}

describe("arrays", () => {
  it.each([
    ["|u1", Uint8Array.from(ramp()), "uint8"],
    ["<u2", Uint16Array.from(ramp()), "uint16"],
    ["<i2", Int16Array.from(ramp()), "int16"],
    ["<u4", Uint32Array.from(ramp()), "uint32"],
    ["<i4", Int32Array.from(ramp()), "int32"],
    ["<f4", Float32Array.from(ramp()), "float32"],
    ["<f8", Float64Array.from(ramp()), "float64"],
    [">u2", Uint16Array.from(ramp(), (i) => i << 8), "uint16"],
    [">i4", Int32Array.from(ramp(), (i) => i << 24), "int32"]
  ] as const)("of %s give each image's bands", async (descr, data, dtype) => {
    const folder = holding({ "images.npy": npy(data, SHAPE, descr), "labels.csv": TABLE })
    const { kind, labels, names, raw } = await opened(folder, { bands: ["B02", "B03"] })
    expect([kind, names, labels]).toEqual(["arrays", ["x", "y", "z"], [["sea"], ["land"], ["sea", "land"]]])
    const bands = raw.map(({ bands }) => bands.map((band) => ({ ...band, data: [...band.data] })))
    const band = (name: string, data: ReadonlyArray<number>) => ({ name, dtype, height: 2, width: 2, data })
    expect(bands[1]).toEqual([band("B02", [8, 10, 12, 14]), band("B03", [9, 11, 13, 15])])
    expect(bands[2][1].data).toEqual([17, 19, 21, 23])
  })

  it("have bands of any names", async () => {
    const folder = holding({ "images.npy": npy(Uint16Array.from(ramp()), SHAPE, "<u2"), "labels.csv": TABLE })
    const { raw } = await opened(folder, { bands: ["a, b", '"c"'] })
    expect(raw[0].bands.map(({ data, name }) => [name, [...data]])).toEqual([
      ["a, b", [0, 2, 4, 6]],
      ['"c"', [1, 3, 5, 7]]
    ])
  })

  it("have channels first where so told, or none", async () => {
    const data = Float32Array.from(ramp())
    const first = await opened(holding({ "images.npy": npy(data, [3, 2, 2, 2], "<f4"), "labels.csv": TABLE }), {
      layout: "chw"
    })
    expect(first.raw[1].bands.map(({ data, name }) => [name, [...data]])).toEqual([
      ["1", [8, 9, 10, 11]],
      ["2", [12, 13, 14, 15]]
    ])
    const flat = await opened(holding({ "images.npy": npy(data, [3, 2, 4], "<f4"), "labels.csv": TABLE }))
    expect(flat.raw[2].bands.map(({ data, height, width }) => [height, width, [...data]])).toEqual([
      [2, 4, ramp().slice(16)]
    ])
    const colours = await opened(
      holding({ "images.npy": npy(Uint8Array.from(ramp(36)), [3, 2, 2, 3], "|u1"), "labels.csv": TABLE })
    )
    expect(colours.raw[0].bands.map(({ name }) => name)).toEqual(["Red", "Green", "Blue"])
  })

  it.each([
    ["|u1", Uint8Array.from(bits)],
    ["|b1", Uint8Array.from(bits)],
    ["<f4", Float32Array.from(bits)],
    ["<i8", BigInt64Array.from(bits, BigInt)],
    ["<u8", BigInt64Array.from(bits, BigInt)]
  ] as const)("take labels of %s", async (descr, data) => {
    const images = npy(Uint8Array.from(ramp()), SHAPE, "|u1")
    const files = { "images.npy": images, "labels.npy": npy(data, [3, 2], descr) }
    const { classes, findings, labels, names } = await opened(holding(files))
    expect([names, classes, findings]).toEqual([["0", "1", "2"], ["0", "1"], []])
    expect(labels).toEqual([["0"], ["1"], ["0", "1"]])
    for (const list of ["sea\r\nland\r\n", "sea \rland\r"]) {
      const named = await opened(holding({ ...files, "classes.txt": list }))
      expect(named.labels).toEqual([["sea"], ["land"], ["sea", "land"]])
    }
  })

  it("are tensors of one safetensors file, labels of any type", async () => {
    const images = ["images", "U16", SHAPE, Uint16Array.from(ramp())] as const
    for (const [type, values] of [
      ["I64", BigInt64Array.from(bits, BigInt)],
      ["BOOL", Uint8Array.from(bits)]
    ] as const) {
      const folder = holding({ "images.safetensors": safetensors([images, ["labels", type, [3, 2], values]]) })
      const { labels, raw } = await opened(folder)
      expect(labels).toEqual([["0"], ["1"], ["0", "1"]])
      expect(rawBytes(raw[2].bands[0].data)).toEqual(rawBytes(Uint16Array.of(16, 18, 20, 22)))
    }
  })

  it.each([
    ['{"images":{"dtype":"U8","shape":[2,2,2],"data_offsets":[-8,0]}}', 'tensor "images" has no valid offsets'],
    ['{"images":{"dtype":"U8","shape":[2,2,2]}}', 'tensor "images" is not described by dtype, shape and data_offsets'],
    [
      '{"images":{"dtype":"U8","shape":[2,2,1],"data_offsets":[0,8]}}',
      'tensor "images" needs 4 bytes, but its offsets'
    ],
    ['{"images":{"dtype":"U8","shape":[2,2,1],"data_offsets":[4,8]}}', 'tensor "images" leaves a gap before it'],
    ['{"images":{"dtype":"U9","shape":[2,2,2],"data_offsets":[0,8]}}', 'tensor "images" has the unknown dtype "U9"'],
    ['{"other":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}', "holds no tensor `images`, but other"],
    ["null", "has a header that is not a JSON object"]
  ])("are refused where a header lies: %s", async (header, problem) => {
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(header.length))
    const bytes = Buffer.concat([length, Buffer.from(header), Buffer.alloc(8)])
    const folder = holding({ "images.safetensors": bytes, "labels.csv": "name,sea\na,1\nb,1\n" })
    await expect(openArchive(folder, {})).rejects.toThrow(`images.safetensors: ${problem}`)
  })

  it("count images without any label", async () => {
    const images = npy(Uint8Array.from(ramp()), SHAPE, "|u1")
    const { findings } = await opened(holding({ "images.npy": images, "labels.csv": TABLE.replace("0,1", "0,0") }))
    expect(findings).toMatchObject([{ what: "images have no label", count: 1, examples: ["y"], severity: "note" }])
  })
})

describe("arrays refuse", () => {
  const images = npy(Uint8Array.from(ramp()), SHAPE, "|u1")
  const labels = (values: Values, shape: ReadonlyArray<number>, descr: string) => npy(values, shape, descr)
  const one = Uint8Array.from([...bits.slice(0, 5), 2])

  it.each<readonly [string, Readonly<Record<string, string | Uint8Array>>, ArchiveChoice, string]>([
    ["no labels", { "images.npy": images }, {}, ": holds no table of labels (labels.csv, labels.npy). Put it there"],
    ["no images", { "labels.csv": TABLE }, { kind: "arrays" }, ": holds neither images.npy nor images.safetensors"],
    [
      "a table that is asked for and missing, though another is there",
      { "images.npy": images, "labels.csv": TABLE },
      { labels: "other.csv" },
      "other.csv: is missing: the archive's table of labels"
    ],
    [
      "labels other than 0 and 1",
      { "images.npy": images, "labels.npy": labels(one, [3, 2], "|u1") },
      {},
      "labels.npy: holds labels other than 0 and 1. Give one row of 0 and 1 per image"
    ],
    [
      "numbers of classes in place of bits",
      { "images.npy": images, "labels.npy": labels(BigInt64Array.of(0n, 1n, 256n), [3], "<i8") },
      {},
      "labels.npy: holds labels other than 0 and 1"
    ],
    [
      "labels of one axis",
      { "images.npy": images, "labels.npy": labels(Uint8Array.of(1, 0, 1), [3], "|u1") },
      {},
      "labels.npy: holds labels of shape [3]"
    ],
    [
      "fewer labels than images",
      { "images.npy": images, "labels.npy": labels(Uint8Array.of(1, 0, 0, 1), [2, 2], "|u1") },
      {},
      "holds 3 images, but 2 rows of labels"
    ],
    [
      "names of other classes",
      { "images.npy": images, "labels.npy": labels(Uint8Array.from(bits), [3, 2], "|u1"), "classes.txt": "sea\nsea\n" },
      {},
      "classes.txt: names 1 class, but labels have 2"
    ],
    [
      "images of whole numbers of 64 bits",
      { "images.npy": npy(new BigInt64Array(24), SHAPE, "<i8"), "labels.csv": TABLE },
      {},
      'images.npy: holds values of 64 bits. Convert it to one of uint8, uint16, int16, uint32, int32, float32, float64, if its values fit: `array.astype("int32")`'
    ],
    [
      "numbers of 16 bits with a point, which whole numbers would cut to 0 and 1",
      { "images.npy": npy(Uint16Array.from(ramp()), SHAPE, "<f2"), "labels.csv": TABLE },
      {},
      'images.npy: holds values of type <f2, which is not read. Convert it to one of uint8, uint16, int16, uint32, int32, float32, float64: `array.astype("float32")`.'
    ],
    [
      "bfloat16",
      {
        "images.safetensors": safetensors([["images", "BF16", SHAPE, Uint16Array.from(ramp())]]),
        "labels.csv": TABLE
      },
      {},
      'float64: `array.astype("float32")`.'
    ],
    [
      "whole numbers of 8 bits with a sign",
      { "images.npy": npy(Uint8Array.from(ramp()), SHAPE, "|i1"), "labels.csv": TABLE },
      {},
      'float64: `array.astype("int16")`.'
    ],
    [
      "objects",
      { "images.npy": npy(Uint8Array.from(ramp()), SHAPE, "|O"), "labels.csv": TABLE },
      {},
      "images.npy: holds values of type |O, which is not read"
    ],
    [
      "columns first",
      { "images.npy": npy(Uint8Array.from(ramp()), SHAPE, "|u1", { fortran: true }), "labels.csv": TABLE },
      {},
      "images.npy: is stored column by column (fortran_order). Save it with"
    ],
    [
      "a file cut short",
      { "images.npy": images.subarray(0, images.length - 1), "labels.csv": TABLE },
      {},
      `images.npy: is cut short: ${images.length - 1} bytes of ${images.length}`
    ],
    [
      "a header cut short",
      { "images.npy": images.subarray(0, 30), "labels.csv": TABLE },
      {},
      "images.npy: is cut short within its header"
    ],
    ["another file", { "images.npy": "PK and so on", "labels.csv": TABLE }, {}, "images.npy: is not a .npy file"],
    [
      "five axes",
      { "images.npy": npy(Uint8Array.from(ramp()), [3, 2, 2, 2, 1], "|u1"), "labels.csv": TABLE },
      {},
      "images.npy: has the shape [3, 2, 2, 2, 1]. Give images as [n, h, w, c]"
    ],
    [
      "channels that stand first, unsaid",
      { "images.npy": npy(new Uint8Array(3 * 2 * 40 * 40), [3, 2, 40, 40], "|u1"), "labels.csv": TABLE },
      {},
      "which `layout: hwc` reads as 40 channels. Set `layout: chw`"
    ],
    [
      "small squares whose channels stand first, unsaid",
      { "images.npy": npy(new Uint8Array(3 * 2 * 8 * 8), [3, 2, 8, 8], "|u1"), "labels.csv": TABLE },
      {},
      "images.npy: has the shape [3, 2, 8, 8], which `layout: hwc` reads as 8 channels. Set `layout: chw`"
    ],
    [
      "small squares whose channels stand last, though told first",
      { "images.npy": npy(new Uint8Array(3 * 2 * 8 * 8), [3, 8, 8, 2], "|u1"), "labels.csv": TABLE },
      { layout: "chw" },
      "images.npy: has the shape [3, 8, 8, 2], which `layout: chw` reads as 8 channels. Set `layout: hwc`"
    ],
    [
      "more names than bands",
      { "images.npy": images, "labels.csv": TABLE },
      { bands: ["B02"] },
      "images.npy: has 2 channels, but 1 name is given (B02)"
    ],
    [
      "a safetensors file without images",
      { "images.safetensors": safetensors([["pixels", "U8", [3, 2], Uint8Array.from(bits)]]), "labels.csv": TABLE },
      {},
      "images.safetensors: holds no tensor `images`, but pixels. Name it `images`"
    ],
    [
      "half floats",
      { "images.safetensors": safetensors([["images", "F16", SHAPE, Uint16Array.from(ramp())]]), "labels.csv": TABLE },
      {},
      "images.safetensors: holds images as F16, which is not read"
    ]
  ])("%s", async (_, files, choice, message) => {
    await expect(opened(holding(files), choice)).rejects.toThrow(message)
  })

  it("a file that is changed or gone once it was opened", async () => {
    const folder = holding({ "images.npy": images, "labels.csv": TABLE })
    const { names, reference } = await openArchive(folder, {})
    const first = await reference(names[0])
    truncateSync(join(folder, "images.npy"), images.length - 4)
    await expect(decodePatch(first)).rejects.toThrow(
      `images.npy: is cut short: ${images.length - 4} bytes of ${images.length}`
    )
    rmSync(join(folder, "images.npy"))
    await expect(decodePatch(first)).rejects.toThrow("images.npy: cannot be opened")
  })
})
