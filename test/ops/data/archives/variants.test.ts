/** Archives as users have them: copies laid out otherwise, tables with slips, options that do not fit. */
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import { nomenclatureOf } from "../../../../src/ops/data/archives/nomenclatures.ts"
import { type ArchiveChoice, openArchive } from "../../../../src/ops/data/archives/open-archive.ts"
import { listFindings } from "../../../../src/ops/data/audit/name-findings.ts"
import { byLists } from "../../../../src/ops/data/splits/division.ts"
import { temporaryFolder } from "../folder.ts"

const pixel = sharp(Uint8Array.of(1, 2, 3), { raw: { width: 1, height: 1, channels: 3 } })
const [jpg, png, tif] = await Promise.all(
  [pixel.clone().jpeg(), pixel.clone().png(), pixel.clone().tiff()].map((one) => one.toBuffer())
)
const CONTENTS: Readonly<Record<string, Uint8Array>> = { jpg, jpeg: jpg, png, tif }

/** A folder with these files: pictures by their ending, or text. */
const holding = (pictures: ReadonlyArray<string>, texts: Readonly<Record<string, string>> = {}) => {
  const folder = temporaryFolder()
  const put = (name: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  for (const name of pictures) put(name, CONTENTS[name.slice(name.lastIndexOf(".") + 1).toLowerCase()])
  for (const [name, text] of Object.entries(texts)) put(name, text)
  return folder
}
const message = (folder: string, choice: ArchiveChoice = {}) =>
  openArchive(folder, choice).then(
    () => "opened",
    (fault: Error) => fault.message
  )
const whats = async (folder: string, choice: ArchiveChoice = {}) =>
  (await openArchive(folder, choice)).findings.map(
    ({ examples, severity, what }) => `${severity}: ${what}: ${examples.join()}`
  )

/** A table of a data set with one row per name, all of whose images have the same labels. */
const table = (set: "UCM" | "WHDLD" | "MLRSNet" | "DFC15", names: ReadonlyArray<string>, ones = [0]) => {
  const { classes } = nomenclatureOf(set)
  const row = classes.map((_, i) => (ones.includes(i) ? 1 : 0)).join()
  return `image,${classes.join()}\n${names.map((name) => `${name},${row}\n`).join("")}`
}

describe("EuroSAT", () => {
  it("whose lists name images twice, or such as are not there, is told", async () => {
    const folder = holding(["AnnualCrop/AnnualCrop_1.jpg", "Forest/Forest_2.jpg"], {
      "eurosat-train.txt": "AnnualCrop_1.jpg\nForest_77.jpg\n",
      "eurosat-test.txt": "AnnualCrop_1.jpg\nForest_2.jpg\n"
    })
    expect(await whats(folder)).toEqual([
      "fail: names are in two lists: AnnualCrop_1.jpg (train and test)",
      "fail: names in the lists have no patch: Forest_77.jpg (train)"
    ])
  })

  it("with jpgs beside tifs is asked for one of them", async () => {
    const folder = holding(["EuroSAT/AnnualCrop/AnnualCrop_1.jpg", "EuroSATallBands/AnnualCrop/AnnualCrop_1.tif"])
    expect(await message(folder)).toBe(
      `${folder}: holds EuroSAT 2 times (EuroSAT, EuroSATallBands). Give one of these folders.`
    )
  })
})

describe("masks", () => {
  it("without an image are told", async () => {
    const folder = holding(["Images/a.jpg", "ImagesPNG/b.png"])
    const building = sharp(Uint8Array.of(255, 0, 0), { raw: { width: 1, height: 1, channels: 3 } }).png()
    writeFileSync(join(folder, "ImagesPNG", "a.png"), await building.toBuffer())
    expect(await whats(folder)).toContain("fail: masks have no image: ImagesPNG/b.png")
  })

  it("have no threshold where a table tells the labels", async () => {
    const folder = holding(["Images/a.jpg"], { "multi-labels.csv": table("WHDLD", ["a"]) })
    expect(await message(folder, { kind: "whdld", mask_threshold: 9 })).toContain(
      "multi-labels.csv: already gives the labels, so `mask_threshold` has no effect. Omit"
    )
  })
})

describe("MLRSNet", () => {
  const pictures = ["Images/airplane/airplane_1.JPEG"]
  const labels = table("MLRSNet", ["airplane_1.jpg"])

  it.each([
    ["labels", {}],
    ["Labels", {}],
    ["elsewhere", { labels: "elsewhere" }],
    ["elsewhere", { labels: "elsewhere/airplane.csv" }]
  ])("has its tables in %s, or where it is told: %j", async (inside, choice) => {
    const folder = holding(pictures, { [`${inside}/airplane.csv`]: labels })
    const { kind, names } = await openArchive(folder, {
      ...choice,
      ...(inside === "elsewhere" ? { kind: "mlrsnet" } : {})
    })
    expect([kind, names]).toEqual(["mlrsnet", ["airplane_1"]])
  })

  it("may have its tables anywhere, by an absolute path", async () => {
    const elsewhere = holding([], { "tables/airplane.csv": labels })
    const folder = holding(pictures)
    const { names } = await openArchive(folder, { kind: "mlrsnet", labels: join(elsewhere, "tables") })
    expect(names).toEqual(["airplane_1"])
  })
})

describe("BigEarthNet", () => {
  it.each(["BigEarthNet-S1-v1.0", "./BigEarthNet-S1-v1.0/", undefined])(
    "has no patch of Sentinel-1's folder: %s",
    async (s1) => {
      const [s2, radar] = ["S2A_MSIL2A_1_2", "S1A_IW_1_2"]
      const folder = holding([], {
        [`${s2}/${s2}_labels_metadata.json`]: '{"labels": ["Pastures"]}',
        [`BigEarthNet-S1-v1.0/${radar}/${radar}_labels_metadata.json`]: JSON.stringify({
          labels: [],
          corresponding_s2_patch: s2
        })
      })
      const { kind, names } = await openArchive(folder, { s1: s1 ?? join(folder, "BigEarthNet-S1-v1.0") })
      expect([kind, names]).toEqual(["bigearthnet", [s2]])
    }
  )
})

describe("labels", () => {
  it("that look filled are told with file and row, of every data set", async () => {
    const folder = holding(["Images/a.tif"], { "multi-labels.csv": table("UCM", ["a"], [0, 1, 2, 3, 4, 5, 6, 7]) })
    expect(await whats(folder)).toEqual([
      `warn: images have labels that look filled (more than the documented 7, or 8 neighbouring ones): a in ${join(folder, "multi-labels.csv")}`
    ])
  })

  it("of no image at all are refused, whatever may be left out", async () => {
    const folder = holding(["n/a.png"], { "labels.csv": "image,sea\nother/n/a.png,1\n" })
    expect(await message(folder)).toBe(
      `${folder}: has no image for any row of its labels: other/n/a.png. The table has names with a folder, so all its names are read as paths below the archive: write all of them as paths.`
    )
  })

  it.each([
    [
      "image,sea,,\na,1,1,0\n",
      "column 3 of its header has no name. Name the class, or save the table without that column."
    ],
    ["image,sea\na,1\na,1\n", "names a twice. Remove one of its rows."],
    [",x,z\na,,1\n", 'row 1 has "" for x, which is neither 0 nor 1. Give it a header']
  ])("are refused with what helps: %j", async (text, problem) => {
    const folder = holding(["a.png"], { "labels.csv": text })
    expect(await message(folder)).toContain(`${join(folder, "labels.csv")}: ${problem}`)
  })

  it("in a workbook, a matrix or a file that is not there are refused with what helps", async () => {
    const folder = holding(["Images/a.tif"], { "a.xlsx": "PK", "a.MAT": "MATLAB" })
    const at = (labels: string) => message(folder, { kind: "aid", labels })
    expect(await at("a.xlsx")).toContain("a.xlsx: is a workbook. Save its sheet as csv, or give the table in txt")
    expect(await at("a.MAT")).toContain(
      "a.MAT: is a matrix, which names no images. Give the labels as a table with names"
    )
    expect(await at("labls.csv")).toContain(
      "labls.csv: is missing: the archive's table of labels. Put the table there, or name another one with `labels`."
    )
  })
})

describe("options", () => {
  it("that a data set does not use are refused", async () => {
    const folder = holding(["Images/a.tif"], { "multi-labels.csv": table("UCM", ["a"]) })
    expect(await message(folder, { mask_threshold: 3, bands: ["A"], labels: "multi-labels.csv" })).toBe(
      `${folder}: is ucm, which does not use \`bands\`, \`mask_threshold\`. Omit it; ucm uses labels.`
    )
    // As they are by default.
    expect(await message(folder, { mask_threshold: 0, layout: "hwc" })).toBe("opened")
  })
})

describe("DFC15", () => {
  it("is divided by lists as by its table: by number", async () => {
    const folder = holding(["images_tr/0001.png", "images_test/2.png"], {
      "multilabel.csv": table("DFC15", ["1", "0002"])
    })
    const { names, reference } = await openArchive(folder, {})
    const lists = { train: ["1.png"], test: ["002"] }
    const { references } = byLists(await Promise.all(names.map(reference)), lists, "fail")
    expect(references.map(({ name, split }) => `${name} ${split}`)).toEqual(["0001 train", "2 test"])
    expect(listFindings(lists, names)).toEqual([])
  })
})
