/** How own archives are labelled: tables with facts, lists of labels, COCO's JSON, a folder per class, not at all. */
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import fc from "fast-check"
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import { archive } from "../../../../../src/ops/data/archives/archive.ts"
import { decode } from "../../../../../src/ops/data/archives/decode.ts"
import { classOfPath } from "../../../../../src/ops/data/archives/folder/by-folder.ts"
import { parseCoco } from "../../../../../src/ops/data/archives/folder/coco.ts"
import { parseOwnTable } from "../../../../../src/ops/data/archives/folder/own-table.ts"
import { openArchive } from "../../../../../src/ops/data/archives/open-archive.ts"
import { namesOf } from "../../../../../src/ops/data/archives/shared/class-list.ts"
import { audit } from "../../../../../src/ops/data/audit/audit.ts"
import { read } from "../../../../../src/ops/data/patches/read.ts"
import { split } from "../../../../../src/ops/data/splits/split.ts"
import { store } from "../../../../../src/ops/data/stores/store.ts"
import { csvRow } from "../../../../../src/ops/formats/csv-rows.ts"
import { effect } from "../../../../effect.ts"
import { temporaryFolder } from "../../folder.ts"
import { runIn } from "../../streams.ts"

const put = (root: string, path: string, content: string | Uint8Array) => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), content)
}

/** A folder with pictures of one pixel and other files. */
const holding = async (pictures: ReadonlyArray<string>, files: Readonly<Record<string, string>> = {}) => {
  const root = temporaryFolder()
  for (const [i, file] of pictures.entries()) {
    const pixel = sharp(Uint8Array.of(i, 0, 0), { raw: { width: 1, height: 1, channels: 3 } })
    put(root, file, await pixel.png().toBuffer())
  }
  for (const [file, text] of Object.entries(files)) put(root, file, text)
  return root
}

const labelsIn = async (root: string, choice: Parameters<typeof openArchive>[1] = { kind: "folder" }) => {
  const opened = await openArchive(root, choice)
  const refs = await Promise.all(opened.names.map((name) => opened.reference(name)))
  return {
    classes: opened.nomenclature.classes,
    patches: refs.map(({ facts, labels, name, split }) => ({ name, labels, facts, split })),
    notes: opened.findings.map(({ examples, what }) => `${what.replace(root, "")}: ${examples.join(", ")}`)
  }
}

/** What a table says of each row. */
const parsed = (text: string, facts?: ReadonlyArray<string>, known?: ReadonlyArray<string>) => {
  const { factsOf, splitOf, table } = parseOwnTable("labels.csv", text, facts, known)
  const width = table.classes.length
  return table.names.map((name, row) => ({
    name,
    labels: namesOf(table.labels.subarray(row * width, (row + 1) * width), table.classes),
    facts: factsOf(row),
    split: splitOf(row)
  }))
}

describe("a table", () => {
  it("has classes of 0 and 1; other columns are facts, and a column may name the split", () => {
    const text =
      "image,date,lat,lng,forest,cloud cover,water,split,site\na,2020-05-01,0,10.5,1,0,0,train,north\nb,,1,1,1.0,7,1,Validation,\n"
    expect(parsed(text, ["cloud cover"])).toEqual([
      {
        name: "a",
        labels: ["forest"],
        facts: { date: "2020-05-01", latitude: "0", longitude: "10.5", "cloud cover": "0", site: "north" },
        split: "train"
      },
      {
        name: "b",
        labels: ["forest", "water"],
        facts: { latitude: "1", longitude: "1", "cloud cover": "7" },
        split: "val"
      }
    ])
  })

  it.each([
    ["a;b", "a; b ;c", ""],
    ["a|b", "c|b|a", ""],
    ['"a, b"', '"b,c,a"', ""],
    ["\"['a', 'b']\"", "\"['c','a','b']\"", "[]"],
    ['"[""a"", ""b""]"', '"[""a"", ""b"", ""c""]"', ""]
  ])("may list labels in one column: %s", (first, second, none) => {
    const text = `image,labels,date\nx,${first},d1\ny,${second},d2\nz,${none},d3\n`
    expect(parsed(text).map(({ facts, labels }) => [labels.join(), facts.date])).toEqual([
      ["a,b", "d1"],
      ["a,b,c", "d2"],
      ["", "d3"]
    ])
  })

  it("takes classes from classes.txt, which fixes their order and finds errors", () => {
    const text = "image,labels\nx,water;forest\ny,Forest\n"
    expect(parsed(text, [], ["water", "forest", "town"]).map(({ labels }) => labels.join())).toEqual([
      "water,forest",
      "forest"
    ])
    expect(() => parsed(text, [], ["forest", "wader"])).toThrow(
      'row 1 has the label "water", which classes.txt does not name; did you mean `wader`?'
    )
  })

  it("with an error in a class is refused as before, and so is one without any class", () => {
    expect(() => parsed("image,forest,water\na,1,x\nb,0,1\n")).toThrow(
      'row 1 has "x" for water, which is neither 0 nor 1'
    )
    expect(() => parsed("image,forest,date\na,,d\nb,0,d\n")).toThrow('row 1 has "" for forest')
    expect(() => parsed("image,date\na,2020\nb,2021\n")).toThrow('row 1 has "2020" for date')
    expect(() => parsed("image,labels,forest\na,x,1\n")).toThrow(
      "has labels in several ways: the columns labels, forest"
    )
    expect(() => parsed("image,forest\na,1\n", ["no"])).toThrow("has no column no, which `facts` names")
    expect(() => parsed("image,labels,d\na,x,1\na,x,2\n")).toThrow("names a twice")
    expect(() => parsed("image,forest,d\na,1\n")).toThrow("row 1 has 1 labels, but the header names 2 classes")
  })

  it("gives back any sets of labels, however they are written", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9 ]{0,8}[a-z0-9]$/)
    const rows = fc.array(fc.tuple(fc.subarray(["red", "green", "blue", "dark sea"]), name), { minLength: 1 })
    fc.assert(
      fc.property(rows, fc.constantFrom(";", "|", ", "), (drawn, between) => {
        const ones = csvRow(["image", "labels", "place"])
        const text = drawn.map(([labels, place], i) => csvRow([`i${i}`, labels.join(between), place])).join("")
        const found = parsed(ones + text)
        expect(found.map(({ labels }) => [...labels].sort())).toEqual(drawn.map(([labels]) => [...labels].sort()))
        expect(found.map(({ facts }) => facts.place)).toEqual(drawn.map(([, place]) => place))
      })
    )
  })
})

describe("COCO's JSON", () => {
  const coco = {
    images: [
      { id: 7, file_name: "a.png", width: 1, height: 1, date_captured: "2021-03-04" },
      { id: "8", file_name: "b.png", latitude: 1.5, license: 3 },
      { id: 9, file_name: "c.png" }
    ],
    categories: [
      { id: 2, name: "ship" },
      { id: 1, name: "harbour" },
      { id: 3, name: "crane" }
    ],
    annotations: [
      { id: 1, image_id: 7, category_id: 1, bbox: [0, 0, 1, 1] },
      { id: 2, image_id: 7, category_id: 1 },
      { id: 3, image_id: 8, category_id: 2 },
      { id: 4, image_id: 8, category_id: 1 }
    ]
  }

  it("labels images by their annotations", async () => {
    const root = await holding(["a.png", "x/b.png", "c.png"], { "annotations.json": JSON.stringify(coco) })
    const { classes, notes, patches } = await labelsIn(root)
    expect(classes).toEqual(["ship", "harbour", "crane"])
    expect(patches).toEqual([
      { name: "a", labels: ["harbour"], facts: { date: "2021-03-04" }, split: undefined },
      { name: "b", labels: ["ship", "harbour"], facts: { latitude: "1.5" }, split: undefined },
      { name: "c", labels: [], facts: {}, split: undefined }
    ])
    expect(notes).toContain("classes are named by categories of /annotations.json: ship, harbour, crane")
  })

  it.each<readonly [string, unknown, string]>([
    ["no JSON", undefined, "is not JSON"],
    ["a list", [], "is not a mapping"],
    ["no images", { ...coco, images: undefined }, "has no list `images`"],
    ["a name for an image", { ...coco, images: ["a"] }, "`images`, entry 1, is not a mapping"],
    ["no file name", { ...coco, images: [{ id: 1 }] }, "`images`, entry 1, has no `file_name`"],
    ["no id", { ...coco, categories: [{ name: "a" }] }, "`categories`, entry 1, has no `id`"],
    ["an id twice", { ...coco, images: [coco.images[0], coco.images[0]] }, "twice"],
    ["another image", { ...coco, annotations: [{ image_id: 1, category_id: 1 }] }, "names the image 1, which `images`"],
    ["another category", { ...coco, annotations: [{ image_id: 7, category_id: 9 }] }, "names the category 9"]
  ])("with %s is refused", (_, value, problem) => {
    expect(() => parseCoco("a.json", value === undefined ? "{" : JSON.stringify(value))).toThrow(problem)
  })
})

describe("a folder per class", () => {
  it("names classes by the folder above each image", async () => {
    const root = await holding(["tree/forest/1.png", "tree/lake/1.png", "forest/2.png"])
    const { classes, notes, patches } = await labelsIn(root)
    expect(classes).toEqual(["forest", "lake"])
    expect(patches.map(({ labels, name }) => [name, ...labels])).toEqual([
      ["forest/2", "forest"],
      ["tree/forest/1", "forest"],
      ["tree/lake/1", "lake"]
    ])
    expect(notes).toEqual(["classes are named by folders of the archive: forest, lake"])
  })

  it("finds splits by the folders train, val and test", async () => {
    const root = await holding(["train/forest/1.png", "val/forest/1.png", "test/lake/1.png"])
    expect((await labelsIn(root)).patches.map(({ split }) => split)).toEqual(["test", "train", "val"])
  })

  it("does not take usual folders for classes", () => {
    const paths = ["images/a.png", "train/images/a.png", "forest/train/a.png", "a.png", "rgb/forest/a.png"]
    expect(paths.map(classOfPath)).toEqual([undefined, undefined, undefined, undefined, "forest"])
  })

  effect("is audited, and goes to batches", () =>
    Effect.gen(function* () {
      const files = ["f/forest/1.png", "f/forest/2.png", "f/lake/1.png", "f/lake/2.png"]
      const root = yield* Effect.promise(() => holding(files))
      const { collect } = runIn(root)
      const own = archive({ kind: "folder", path: "f" })
      yield* collect(own.pipe(split({ by: "draw", train: 0.5, val: 0 }), decode(), store()))
      const patches = yield* collect(read({ split: "train", bands: ["Red"] }))
      expect(patches.map(({ classes, labels, name }) => [name, ...namesOf(labels, classes)])).toEqual(
        patches.map(({ name }) => [name, name.split("/")[0]])
      )
      const [audited] = yield* collect(audit({ from: "f", kind: "folder" }))
      expect(audited.classCounts.map(({ name }) => name)).toEqual(["forest", "lake"])
      expect(audited.findings.map(({ what }) => what)).toContain("classes are named by folders of the archive")
    })
  )
})

describe("a folder without labels", () => {
  effect("is listed, stored and read; nothing is left out for want of a label", () =>
    Effect.gen(function* () {
      const root = yield* Effect.promise(() => holding(["f/a.png", "f/images/b.png"]))
      const { collect, said } = runIn(root)
      const own = archive({ kind: "folder", path: "f" })
      yield* collect(own.pipe(split({ by: "draw", train: 0.5, val: 0 }), decode(), store()))
      const read1 = yield* Effect.forEach(["train", "test"] as const, (part) =>
        collect(read({ split: part, bands: ["Red"] }))
      )
      expect(
        read1
          .flat()
          .map(({ name }) => name)
          .sort()
      ).toEqual(["a", "images/b"])
      expect(read1.flat().every(({ classes, labels }) => classes.length === 0 && labels.length === 0)).toBe(true)
      expect(said.join("\n")).toContain("images have no label")
      expect(said.join("\n")).toContain("They can be embedded, searched and looked at, but not measured")
    })
  )

  it("is never guessed: its kind must be given", async () => {
    const root = await holding(["forest/a.png", "lake/b.png"])
    await expect(openArchive(root, {})).rejects.toThrow("does not look like any known archive")
    await expect(openArchive(root, { kind: "folder", facts: ["x"] })).rejects.toThrow(
      "has no table of labels, but `facts`"
    )
  })
})
