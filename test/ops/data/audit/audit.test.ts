import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { archive } from "../../../../src/ops/data/archives/archive.ts"
import type { Published } from "../../../../src/ops/data/archives/data-set.ts"
import { DATA_SETS, dataSetOf } from "../../../../src/ops/data/archives/list.ts"
import { nomenclatureOf } from "../../../../src/ops/data/archives/nomenclatures.ts"
import { ownClasses } from "../../../../src/ops/data/archives/shared/class-list.ts"
import { audit } from "../../../../src/ops/data/audit/audit.ts"
import { leakFrom } from "../../../../src/ops/data/audit/leak.ts"
import { differencesFrom, tallyOf } from "../../../../src/ops/data/audit/tally.ts"
import { miniature } from "../../../../src/ops/data/miniature/miniature.ts"
import type { Audit, PatchRef, Split } from "../../../../src/ops/elements.ts"
import { encodeSafetensors } from "../../../../src/ops/formats/safetensors/write.ts"
import { auditPage } from "../../../../src/ops/show/audit/audit-page.ts"
import { auditReport } from "../../../../src/ops/show/audit/audit-report.ts"
import { verdict } from "../../../../src/ops/show/audit/audit-text.ts"
import { effect } from "../../../effect.ts"
import { temporaryFolder } from "../folder.ts"
import { runIn } from "../streams.ts"

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0)
const whats = ({ findings }: Audit) => findings.map(({ severity, what }) => `${severity}: ${what}`)

const nodataArchive = join(import.meta.dirname, "../cases/nodata")

describe("an audit of pixels", () => {
  const root = temporaryFolder()
  const { collect } = runIn(root)

  effect("counts images with pixels that their files declare to be without data", () =>
    Effect.gen(function* () {
      const [found] = yield* collect(audit({ from: nodataArchive }))
      expect(found.findings).toMatchObject([
        {
          what: "images have pixels without data",
          count: 4,
          severity: "warn",
          examples: { 0: "p1 (1 50.0 %, 2 50.0 %)" }
        }
      ])
    })
  )

  effect("finds values that are not finite, and takes them for missing data if told so", () =>
    Effect.gen(function* () {
      const values = Float32Array.from({ length: 3 * 4 * 2 }, (_, i) => (i >= 8 && i < 12 ? Number.NaN : i))
      const folder = join(root, "arrays")
      mkdirSync(folder)
      const tensors = [{ name: "images", dtype: "float32" as const, shape: [3, 2, 2, 2], data: values }]
      writeFileSync(join(folder, "images.safetensors"), encodeSafetensors(tensors, {}))
      writeFileSync(join(folder, "labels.csv"), "image,a\nx,1\ny,1\nz,1\n")
      const [found] = yield* collect(audit({ from: folder, kind: "arrays" }))
      expect(found.findings).toMatchObject([
        { what: "images have values that are not finite", count: 1, severity: "fail" }
      ])
      expect(found.findings[0].examples[0]).toMatch(/\(1 50\.0 %, 2 50\.0 %\)$/)
      const [marked] = yield* collect(audit({ from: folder, kind: "arrays", nodata: "nan" }))
      expect(whats(marked)).toContain("warn: images have pixels without data")
      expect(whats(marked)).not.toContain("fail: images have values that are not finite")
    })
  )
})

describe("an audit", () => {
  const root = temporaryFolder()
  const { collect, recorded, said } = runIn(root)

  effect("counts what the archive holds, and writes it as text, JSON and a page", () =>
    Effect.gen(function* () {
      yield* collect(miniature({ kind: "bigearthnet-v2", patches: 16, to: "v2" }))
      const refs = yield* collect(archive({ path: "v2" }))
      const [found] = yield* collect(audit({ from: "v2" }).pipe(auditReport()))
      expect(found).toMatchObject({ archive: "bigearthnet-v2", nomenclature: "19", patches: 16, pixels: true })
      expect(sum(found.splits)).toBe(16)
      expect(sum(found.countries)).toBe(16)
      for (const { countries, name, splits, total } of found.classCounts) {
        const having = refs.filter(({ labels }) => labels.includes(name))
        expect(total).toBe(having.length)
        expect([sum(splits), sum(countries)]).toEqual([total, total])
        expect(splits.test ?? 0).toBe(having.filter(({ split }) => split === "test").length)
        expect(countries.Finland ?? 0).toBe(having.filter(({ facts }) => facts.country === "Finland").length)
      }
      expect(found.distinctSets.all).toBe(new Set(refs.map(({ labels }) => labels.join())).size)
      expect(found.published?.differences[0]).toBe("number of patches: 16, published 480038")
      expect(JSON.parse(readFileSync(join(root, "audit.json"), "utf8")).patches).toBe(16)
      expect(readFileSync(join(root, "audit.html"), "utf8")).toContain("Audit of an archive")
      expect(said.join("\n")).toContain(
        `splits: ${["train", "val", "test"].map((split) => `${split} ${found.splits[split]}`).join(", ")}`
      )
      const [labels, patches] = Object.entries(found.labelsPerPatch)[0]
      expect(said.join("\n")).toContain(`labels per patch: ${labels}: ${patches}`)
      expect(recorded.audit).toMatchObject({ patches: 16 })
    })
  )

  effect("tells which test patches have trained BigEarthNet v1", () =>
    Effect.gen(function* () {
      const refs = yield* collect(archive({ path: "v2" }))
      const tested = refs.filter(({ split }) => split === "test")
      writeFileSync(
        join(root, "v1-train.csv"),
        `${tested[0].facts.s2v1}\n${refs[0].facts.s2v1 === tested[0].facts.s2v1 ? "x" : refs[0].facts.s2v1}\n`
      )
      const [found] = yield* collect(audit({ from: "v2", pixels: false, v1: { train: "v1-train.csv" } }))
      const leaked = found.findings.find(({ what }) => what.includes("training patches of BigEarthNet v1"))
      expect(leaked).toMatchObject({ count: 1, severity: "warn" })
      expect(leaked?.what).toContain(`(${(100 / tested.length).toFixed(1)} % of the test)`)
      expect(found.leak?.test).toEqual({ train: 1, none: tested.length - 1 })
    })
  )

  effect("finds rows without files and files without rows, though no pixel is read", () =>
    Effect.gen(function* () {
      const refs = yield* collect(archive({ path: "v2" }))
      renameSync(refs[0].folder, `${refs[0].folder}x`)
      writeFileSync(join(refs[0].folder, "..", "a file"), "")
      const [found] = yield* collect(audit({ from: "v2", pixels: false }))
      expect(found.patches).toBe(16)
      expect(found.findings.filter(({ what }) => what.includes("row"))).toMatchObject([
        { what: "label rows have no image", count: 1, examples: [refs[0].name], severity: "fail" },
        { what: "images have no row of labels", count: 1, examples: [`${refs[0].name}x`], severity: "note" }
      ])
      renameSync(`${refs[0].folder}x`, refs[0].folder)
    })
  )

  effect("finds names of lists that have no patch, or stand in two lists", () =>
    Effect.gen(function* () {
      const refs = yield* collect(archive({ path: "v2" }))
      writeFileSync(join(root, "a.txt"), `${refs[0].name}\n${refs[1].name}\n`)
      writeFileSync(join(root, "b.txt"), `${refs[1].name}\nnobody\n`)
      const [found] = yield* collect(audit({ from: "v2", pixels: false, lists: { train: "a.txt", test: "b.txt" } }))
      expect(found.findings.filter(({ severity }) => severity === "fail")).toMatchObject([
        { what: "names are in two lists", count: 1, examples: [`${refs[1].name} (train and test)`] },
        { what: "names in the lists have no patch", count: 1, examples: ["nobody (test)"] }
      ])
    })
  )

  effect("says that labels alone can be audited, where images are not there at all", () =>
    Effect.gen(function* () {
      yield* collect(miniature({ kind: "ucm", patches: 12, size: 24, to: "labels" }))
      rmSync(join(root, "labels", "Images"), { recursive: true })
      const fault = yield* Effect.flip(collect(audit({ from: "labels", kind: "ucm" })))
      expect(fault.message).toMatch(/; `pixels=false` audits the labels alone\.$/)
      expect((yield* collect(audit({ from: "labels", kind: "ucm", pixels: false })))[0].patches).toBe(12)
      writeFileSync(join(root, "labels", "multi-labels.csv"), "image,nothing\na,1\n")
      const neither = yield* Effect.flip(collect(audit({ from: "labels", kind: "ucm" })))
      expect(neither.message).not.toContain("pixels=false")
      // Before all else is looked at, not after.
      yield* collect(miniature({ kind: "bigearthnet-v2", patches: 3, to: "table" }))
      rmSync(join(root, "table", "BigEarthNet-S2"), { recursive: true })
      expect((yield* Effect.flip(collect(audit({ from: "table" })))).message).toMatch(
        /; `pixels=false` audits the labels/
      )
    })
  )

  effect("refuses a store by name", () =>
    Effect.gen(function* () {
      writeFileSync(join(root, "data.mdb"), "")
      expect((yield* Effect.flip(collect(audit({ from: "." })))).message).toContain("is a store")
      rmSync(join(root, "data.mdb"))
    })
  )
})

describe("findings of an audit", () => {
  const root = temporaryFolder()
  const { collect, said } = runIn(root)
  const file = (name: string) => join(root, "ucm", name)

  effect("are everything that is wrong with a folder, and the rest is counted all the same", () =>
    Effect.gen(function* () {
      const refs = yield* collect(miniature({ kind: "ucm", patches: 12, size: 24, to: "ucm" }))
      const image = (i: number) => file(refs[i].files.image)
      const rows = readFileSync(file("multi-labels.csv"), "utf8").trim().split("\n")
      const zeros = new Array(17).fill(0)
      rows[3] = [refs[2].name, ...zeros].join()
      rows[4] = [refs[3].name, ...zeros.fill(1, 2, 11)].join()
      writeFileSync(file("multi-labels.csv"), rows.join("\n"))
      rmSync(image(0))
      copyFileSync(image(5), image(6))
      copyFileSync(image(5), file("Images/stranger.tif"))
      // A copy that no list names is in no other split.
      copyFileSync(image(5), image(8))
      writeFileSync(image(7), "no picture")
      writeFileSync(join(root, "train.txt"), `${refs[5].name}.tif\n`)
      writeFileSync(join(root, "test.txt"), `${refs[6].name}\n`)
      const lists = { train: "train.txt", test: "test.txt" }
      const [found] = yield* collect(audit({ from: "ucm", lists }).pipe(auditReport()))
      expect(whats(found)).toEqual([
        "fail: label rows have no image",
        "fail: images have no row of labels",
        "fail: patches cannot be read",
        "warn: images have labels that look filled (more than the documented 7, or 8 neighbouring ones)",
        "warn: images have the pixels of another one",
        "warn: images are in another split than their copy",
        "note: images have no label",
        expect.stringContaining("note: classes have fewer than two patches")
      ])
      const examples = (what: string) => found.findings.find((one) => one.what.startsWith(what))?.examples
      expect(examples("label rows")).toEqual([refs[0].name])
      expect(examples("images have no row")).toEqual(["Images/stranger.tif"])
      expect(examples("images have no label")).toEqual([refs[2].name])
      expect(examples("images have labels that look")).toEqual([`${refs[3].name} in ${file("multi-labels.csv")}`])
      expect(examples("patches cannot be read")?.[0]).toMatch(/[^.]$/)
      expect(said.join(" ").replace(/\s+/g, " ")).toMatch(/ 1 patch cannot be read: [^[]*[^.]\. Get these files again/)
      expect(examples("images have the pixels")).toEqual([6, 8].map((i) => `${refs[i].name} = ${refs[5].name}`))
      expect(examples("images are in another")).toEqual([`${refs[6].name} (test) = ${refs[5].name} (train)`])
      expect(found.patches).toBe(10)
      expect(found.splits).toEqual({ "no split": 8, train: 1, test: 1 })
      const page = auditPage("a <title>", found)
      expect(page).toContain("a &lt;title&gt;")
      expect(page).toContain("unusable: 1 label row has no image.")
    })
  )
})

describe("a tally", () => {
  const classes = ["a", "b", "c"]
  const patch = fc.record({
    labels: fc.uint8Array({ minLength: 3, maxLength: 3, max: 1 }),
    split: fc.constantFrom<Split | undefined>("train", "val", "test", undefined),
    country: fc.constantFrom<string | undefined>("Finland", "Serbia", undefined)
  })

  it("counts as a naive count does, in any order", () => {
    fc.assert(
      fc.property(fc.array(patch, { maxLength: 30 }), (patches) => {
        const count = (list: typeof patches) => {
          const tally = tallyOf(classes, ownClasses(classes))
          list.forEach((one, i) => {
            tally.count({ name: `p${i}`, ...one })
          })
          return tally.counts()
        }
        const counts = count(patches)
        expect(count([...patches].reverse())).toEqual(counts)
        classes.forEach((name, c) => {
          const having = patches.filter(({ labels }) => labels[c] === 1)
          expect(counts.classCounts[c]).toEqual({
            name,
            total: having.length,
            splits: Object.fromEntries(
              [...new Set(having.map(({ split }) => split ?? "no split"))].map((part) => [
                part,
                having.filter(({ split }) => (split ?? "no split") === part).length
              ])
            ),
            countries: Object.fromEntries(
              [...new Set(having.flatMap(({ country }) => country ?? []))].map((place) => [
                place,
                having.filter(({ country }) => country === place).length
              ])
            )
          })
        })
        expect(sum(counts.labelsPerPatch)).toBe(patches.length)
        expect(counts.distinctSets.all ?? 0).toBe(new Set(patches.map(({ labels }) => labels.join())).size)
      })
    )
  })
})

/** Label sets with given counts per class and per number of labels: the largest sets take the classes with most left. */
const setsWith = (
  classes: ReadonlyArray<string>,
  perClass: Readonly<Record<string, number>>,
  perPatch: Readonly<Record<string, number>>
): ReadonlyArray<ReadonlySet<string>> => {
  const left = new Map(classes.map((name) => [name, perClass[name]]))
  const sizes = Object.entries(perPatch)
    .flatMap(([size, n]) => new Array<number>(n).fill(Number(size)))
    .sort((a, b) => b - a)
  return sizes.map((size) => {
    const most = [...left].sort(([, a], [, b]) => b - a).slice(0, size)
    for (const [name, n] of most) left.set(name, n - 1)
    return new Set(most.map(([name]) => name))
  })
}

describe("published counts", () => {
  const published = DATA_SETS.flatMap(
    ({ name, published }): ReadonlyArray<[string, Published]> => (published === undefined ? [] : [[name, published]])
  )

  it.each(published)("of %s agree with themselves", (_, published) => {
    const { countries, labelsPerPatch, patches, splits } = published
    if (countries !== undefined) expect(sum(countries)).toBe(patches)
    if (labelsPerPatch !== undefined) expect(sum(labelsPerPatch)).toBe(patches)
    if (splits !== undefined) expect(sum(splits)).toBeLessThanOrEqual(patches)
    if (published.classes !== undefined && labelsPerPatch !== undefined) {
      // Labels counted by class and by patch are the same labels.
      const labels = Object.entries(labelsPerPatch).reduce((total, [number, n]) => total + Number(number) * n, 0)
      expect(sum(published.classes)).toBe(labels)
    }
  })

  effect("are met by an archive whose labels have them", () =>
    Effect.gen(function* () {
      const root = temporaryFolder()
      const { collect } = runIn(root)
      const known = dataSetOf("ucm").published as Required<Pick<Published, "classes" | "labelsPerPatch">>
      const { classes } = nomenclatureOf("UCM")
      const rows = setsWith(classes, known.classes, known.labelsPerPatch)
      const name = (i: number) => `scene${String(i).padStart(4, "0")}`
      mkdirSync(join(root, "ucm", "Images"), { recursive: true })
      rows.forEach((_, i) => {
        writeFileSync(join(root, "ucm", "Images", `${name(i)}.tif`), "")
      })
      const lines = rows.map((set, i) => [name(i), ...classes.map((one) => (set.has(one) ? 1 : 0))].join("\t"))
      const table = [["IMAGE\\LABEL", ...classes].join("\t"), ...lines].join("\n")
      writeFileSync(join(root, "ucm", "LandUse_Multilabeled.txt"), table)
      const [found] = yield* collect(audit({ from: "ucm", pixels: false }))
      // Label sets are drawn up here to have the counts of classes and of labels, so that those sets alone are others.
      const sets = new Set(rows.map((set) => [...set].sort().join())).size
      expect(found.published?.differences).toEqual([`distinct label sets: ${sets}, published 202`])
      const same = { ...dataSetOf("ucm").published, distinctSets: sets } as Published
      expect(differencesFrom(same, found)).toEqual([])
      expect(verdict({ ...found, published: { source: "them", patches: 2100, differences: [] } })).toBe(
        "All counts are as published (them)."
      )
    })
  )

  it.each(["ucm", "aid", "dfc15", "mlrsnet", "whdld", "bigearthnet-v2"] as const)(
    "need no images of %s, only labels",
    (kind) =>
      Effect.gen(function* () {
        const root = temporaryFolder()
        const { collect } = runIn(root)
        yield* collect(miniature({ kind, patches: 12, size: 24, to: kind }))
        const [whole] = yield* collect(audit({ from: kind, kind, pixels: false }))
        for (const folder of ["Images", "images_tr", "images_test", "BigEarthNet-S2"])
          rmSync(join(root, kind, folder), { recursive: true, force: true })
        const [labels] = yield* collect(audit({ from: kind, kind, pixels: false }))
        expect([labels.patches, labels.classCounts.map(({ total }) => total)]).toEqual([
          whole.patches,
          whole.classCounts.map(({ total }) => total)
        ])
        expect(labels.findings.map(({ severity, what }) => `${severity} ${what}`)).toContain(
          "note label rows have no images: the archive holds none"
        )
        const fault = yield* Effect.flip(collect(audit({ from: kind, kind })))
        expect(fault.message).toContain("cannot be listed")
      }).pipe(Effect.scoped, Effect.runPromise)
  )

  it("are told apart from others, or said to be met", () => {
    const { classes } = nomenclatureOf("WHDLD")
    const tally = tallyOf(classes, ownClasses(classes))
    tally.count({ name: "p", labels: Uint8Array.of(1, 0, 0, 0, 0, 0), split: "train", country: undefined })
    const same = {
      source: "x",
      patches: 1,
      distinctSets: 1,
      classes: { "Bare Soil": 1, Water: 0 },
      splits: { train: 1 }
    }
    expect(differencesFrom(same, tally.counts())).toEqual([])
    expect(differencesFrom({ ...same, patches: 2, classes: { Water: 3 } }, tally.counts())).toEqual([
      "number of patches: 1, published 2",
      "class Water: 0, published 3"
    ])
  })
})

describe("the leak between versions", () => {
  it("is a table of splits, and a warning where training patches are tested", () => {
    const leak = leakFrom({ train: ["a"], test: ["b"] })
    const ref = (s2v1: string, split: Split) => ({ name: `n${s2v1}`, split, facts: { s2v1 } }) as unknown as PatchRef
    for (const [name, split] of [
      ["a", "test"],
      ["b", "test"],
      ["c", "train"]
    ] as const)
      leak.see(ref(name, split))
    expect(leak.table()).toEqual({ test: { train: 1, test: 1 }, train: { none: 1 } })
    expect(leak.findings()).toMatchObject([{ count: 1, examples: ["na (a)"] }])
  })

  it("is not said to be none where the lists are of other patches altogether", () => {
    const leak = leakFrom({ train: ["x", "y"] })
    leak.see({ name: "n", split: "test", facts: { s2v1: "a" } } as unknown as PatchRef)
    expect(leak.findings()).toMatchObject([
      {
        what: "names of BigEarthNet v1's lists are of no patch here: whether its training leaks is not known",
        count: 2,
        severity: "warn"
      }
    ])
  })
})
