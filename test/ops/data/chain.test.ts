import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { describe, expect, vi } from "vitest"
import { archive } from "../../../src/ops/data/archives/archive.ts"
import { CLASSES_19, encode19 } from "../../../src/ops/data/archives/bigearthnet/corine-labels.ts"
import { decode } from "../../../src/ops/data/archives/decode.ts"
import { decodePatch } from "../../../src/ops/data/archives/open-archive.ts"
import { miniature } from "../../../src/ops/data/miniature/miniature.ts"
import { augment } from "../../../src/ops/data/patches/augment.ts"
import { mapGood } from "../../../src/ops/data/patches/bad-patches.ts"
import { batch } from "../../../src/ops/data/patches/batch.ts"
import { crop } from "../../../src/ops/data/patches/crop.ts"
import { normalise } from "../../../src/ops/data/patches/normalise.ts"
import { bilinear } from "../../../src/ops/data/patches/pixels/bilinear.ts"
import { read } from "../../../src/ops/data/patches/read.ts"
import { prepareStd } from "../../../src/ops/data/splits/original-draws.ts"
import { split } from "../../../src/ops/data/splits/split.ts"
import { store } from "../../../src/ops/data/stores/store.ts"
import type { Patch } from "../../../src/ops/elements.ts"
import { FirstEpoch } from "../../../src/ops/run.ts"
import { toStream } from "../../../src/pipeline/interpret.ts"
import { random } from "../../../src/pipeline/random.ts"
import { effect } from "../../effect.ts"
import { temporaryFolder } from "./folder.ts"
import { runIn } from "./streams.ts"

/** Counts the images that reading makes. */
const assembled = vi.hoisted(() => ({ count: 0 }))
vi.mock("../../../src/ops/data/patches/reading/assemble.ts", async (original) => {
  const real = await original<typeof import("../../../src/ops/data/patches/reading/assemble.ts")>()
  return {
    assemble: (...args: Parameters<typeof real.assemble>) => {
      assembled.count++
      return real.assemble(...args)
    }
  }
})

const root = temporaryFolder()
const COUNT = 40
const run = runIn(root)
const { collect, layer, said, wrote } = run
const prepare = miniature({ patches: COUNT }).pipe(split(), decode(), store())
const prepared = Effect.cached(collect(prepare)).pipe(Effect.runSync)
const list = (name: string) =>
  readFileSync(join(root, `${name}.csv`), "utf8")
    .trim()
    .split("\n")
const summary = ({ name, epoch, index, image, labels }: Patch) => [name, epoch, index, image, labels] as const

describe("preparing", () => {
  effect("makes an archive, splits and a store, once", () =>
    Effect.gen(function* () {
      const [stored] = yield* prepared
      expect(stored).toMatchObject({ kind: "stored", patches: COUNT, kept: 0, skipped: [] })
      expect(wrote).toContain(join(root, "patches.lmdb", "data.mdb"))
      expect((yield* collect(prepare))[0]).toMatchObject({ patches: COUNT, kept: COUNT })
      expect(said.some((line) => line.startsWith("miniature: ") && line.endsWith("already exists"))).toBe(true)
    })
  )

  effect("splits as the original does, over names in order", () =>
    Effect.gen(function* () {
      yield* prepared
      const refs = yield* collect(archive({ path: "miniature" }))
      expect(refs).toHaveLength(COUNT)
      const parts = prepareStd(COUNT, 24, 0.7, 0.1)
      for (const part of ["train", "val", "test"] as const) {
        expect(list(part)).toEqual([...parts[part]].map((i) => refs[i].name))
      }
      const divided = yield* collect(archive({ path: "miniature" }).pipe(split()))
      expect([...parts.val].every((i) => divided[i].split === "val")).toBe(true)
    })
  )

  effect("refuses shares above the whole", () =>
    Effect.gen(function* () {
      yield* prepared
      const fault = yield* Effect.flip(collect(archive({ path: "miniature" }).pipe(split({ train: 0.8, val: 0.3 }))))
      expect(fault.message).toContain("split: train 0.8 and val 0.3 add up to more than 1")
    })
  )
})

describe("bad patches", () => {
  const other = temporaryFolder()
  const { collect: inOther, said: saidThere, recorded } = runIn(other)
  const broken = Effect.cached(
    Effect.gen(function* () {
      const refs = yield* inOther(miniature({ patches: 12 }))
      truncateSync(join(refs[3].folder, `${refs[3].name}_B05.tif`), 50)
      rmSync(join(refs[7].folder, `${refs[7].name}_B08.tif`))
      return refs
    })
  ).pipe(Effect.runSync)

  effect("are reported together", () =>
    Effect.gen(function* () {
      const refs = yield* broken
      const fault = yield* Effect.flip(inOther(archive({ path: "miniature" }).pipe(decode())))
      expect(fault._tag).toBe("DataError")
      expect(fault.message).toContain("decode: 2 bad patches: ")
      expect(fault.message).toContain(`${refs[3].name}_B05.tif`)
      expect(fault.message).toContain(`${refs[7].name}_B08.tif: is missing: band B08 of the patch`)
    })
  )

  effect("are skipped and counted where told to", () =>
    Effect.gen(function* () {
      const refs = yield* broken
      const rest = yield* inOther(archive({ path: "miniature" }).pipe(decode({ on_bad_patch: "skip" })))
      expect(rest.map(({ name }) => name)).toEqual(refs.filter((_, i) => i !== 3 && i !== 7).map(({ name }) => name))
      expect(saidThere.join()).toContain("decode: left out 2 bad patches: ")
      expect(recorded["skipped.decode"]).toHaveLength(2)
    })
  )

  effect("are left out by reading too, from the store or the files, though the lists name them", () =>
    Effect.gen(function* () {
      const folder = temporaryFolder()
      const { collect: inFolder, recorded: noted } = runIn(folder)
      const refs = yield* inFolder(miniature({ patches: 12 }))
      rmSync(join(refs[1].folder, `${refs[1].name}_B03.tif`))
      const part = archive({ path: "miniature" }).pipe(split({ train: 0.9, val: 0.1 }))
      yield* inFolder(part.pipe(decode({ on_bad_patch: "skip" }), store()))
      const list = readFileSync(join(folder, "train.csv"), "utf8").trim().split("\n")
      expect(list).toContain(refs[1].name)
      const fault = yield* Effect.flip(inFolder(read({ split: "train" })))
      expect(fault.message).toContain(`holds no patch ${refs[1].name}. Run the pipeline that stores patches again,`)
      expect(fault.message).toContain("or read with `missing: skip`")
      const some = yield* inFolder(read({ split: "train", missing: "skip", epochs: 2 }))
      const rest = list.filter((name) => name !== refs[1].name)
      expect(some.map(({ name }) => name)).toEqual([...rest, ...rest])
      const why = `${refs[1].name} is in the list, but not among the patches`
      expect(noted["skipped.read train"]).toEqual([{ name: refs[1].name, why }])
      rmSync(refs[1].folder, { recursive: true })
      const files = { from: "miniature", store: "none", split: "train", missing: "skip" } as const
      expect((yield* inFolder(read(files))).map(({ image }) => image)).toEqual(
        some.slice(0, rest.length).map(({ image }) => image)
      )
    })
  )

  effect("are not taken for others of their names that a store holds", () =>
    Effect.gen(function* () {
      const folder = temporaryFolder()
      const elsewhere = join(temporaryFolder(), "absolute.lmdb")
      const { collect: inFolder, said: told } = runIn(folder)
      const refs = yield* inFolder(miniature({ patches: 5 }))
      const stored = archive({ path: "miniature" }).pipe(decode(), store({ to: elsewhere }))
      yield* inFolder(stored)
      expect(existsSync(join(elsewhere, "data.mdb"))).toBe(true)
      told.length = 0
      expect(yield* inFolder(stored)).toMatchObject([{ patches: 5, kept: 5 }])
      expect(told).toContain("store: 5 of 5 patches were there already, and are the same")
      writeFileSync(join(refs[1].folder, `${refs[1].name}_labels_metadata.json`), '{"labels":["Salines"]}')
      expect((yield* Effect.flip(inFolder(stored))).message).toBe(
        `${elsewhere}: holds 1 of these patches with other pixels, bands or labels (${refs[1].name}). Choose another folder with \`to\`, or move the old store away if the archive has changed.`
      )
    })
  )

  effect("of labels are found by archive and store", () =>
    Effect.gen(function* () {
      const folder = temporaryFolder()
      const { collect: inFolder, recorded: noted, said: told } = runIn(folder)
      const refs = yield* inFolder(miniature({ patches: 3 }))
      const file = (i: number) => join(refs[i].folder, `${refs[i].name}_labels_metadata.json`)
      writeFileSync(file(0), "{")
      writeFileSync(file(1), '{"labels":["Pasturs"]}')
      const whole = archive({ path: "miniature" })
      expect((yield* Effect.flip(inFolder(whole))).message).toContain("archive: 1 bad patch: ")
      const some = archive({ path: "miniature", on_bad_patch: "skip" }).pipe(decode())
      const fault = yield* Effect.flip(inFolder(some.pipe(store())))
      expect(fault.message).toContain("store: 1 bad patch: ")
      expect(fault.message).toContain('has the unknown label "Pasturs"; did you mean `Pastures`?')
      const [stored] = yield* inFolder(some.pipe(store({ on_bad_patch: "skip" })))
      expect(stored.patches).toBe(1)
      expect(stored.skipped.map(({ name }) => name)).toEqual([refs[1].name])
      expect(noted["skipped.store"]).toEqual(stored.skipped)
      expect(told.join()).toContain("store: left out 1 bad patch: ")
      writeFileSync(file(1), '{"labels":["Pastures"]}')
      const [mended] = yield* inFolder(some.pipe(store({ on_bad_patch: "skip" })))
      expect([mended.skipped, noted["skipped.store"]]).toEqual([[], undefined])
    })
  )
})

describe("read", () => {
  effect("gives the bands in order, coarse ones resampled, and the labels of the archive", () =>
    Effect.gen(function* () {
      yield* prepared
      const patches = yield* collect(read({ split: "test", bands: ["B05", "B04"] }))
      expect(patches.map(({ name }) => name)).toEqual(list("test"))
      const refs = new Map((yield* collect(archive({ path: "miniature" }))).map((ref) => [ref.name, ref]))
      for (const { name, image, height, width, bands, labels, classes } of patches.slice(0, 3)) {
        expect([height, width, bands, classes]).toEqual([120, 120, ["B05", "B04"], CLASSES_19])
        const ref = refs.get(name)
        if (ref === undefined) throw new Error(`${name} is not in the archive`)
        expect(labels).toEqual(encode19(ref.labels))
        const raw = yield* Effect.promise(() => decodePatch(ref))
        const band = (wanted: string) => raw.bands.find((one) => one.name === wanted)?.data ?? []
        const fine = bilinear(band("B05"), 60, 60, 120, 120)
        expect(image.every((value, i) => value === (i % 2 === 0 ? fine[i >> 1] : band("B04")[i >> 1]))).toBe(true)
      }
    })
  )

  effect("shuffles every epoch by its own key, and resumes at an epoch as if never stopped", () =>
    Effect.gen(function* () {
      yield* prepared
      const three = read({ split: "train", epochs: 3, shuffle: true, bands: ["B01"] })
      const all = yield* collect(three)
      const count = list("train").length
      const names = (epoch: number) => all.filter((patch) => patch.epoch === epoch).map(({ name }) => name)
      for (const epoch of [0, 1, 2]) expect([...names(epoch)].sort()).toEqual(list("train").sort())
      expect(names(0)).not.toEqual(names(1))
      expect(names(1)).not.toEqual(names(2))
      for (const { name, index } of all) expect(list("train")[index]).toBe(name)
      const resumed = yield* Effect.provideService(collect(three), FirstEpoch, 1)
      expect(resumed.map(summary)).toEqual(all.slice(count).map(summary))
      expect(yield* Effect.provideService(collect(three), FirstEpoch, 3)).toEqual([])
    })
  )

  effect("gives the same whatever the concurrency", () =>
    Effect.gen(function* () {
      yield* prepared
      const at = (concurrency: number) =>
        collect(
          read({ split: "train", epochs: 2, shuffle: true, bands: "rgb", concurrency }).pipe(
            augment({ h_flip: 0.5, v_flip: 0.5, rotate: 0.5 }),
            crop({ size: 32, at: "random" }),
            normalise(),
            batch({ size: 8 })
          )
        )
      const [one, two, eight] = yield* Effect.all([at(1), at(2), at(8)])
      expect(two).toEqual(one)
      expect(eight).toEqual(one)
    })
  )

  effect("drops and counts patches without a label under 19 classes", () =>
    Effect.gen(function* () {
      const folder = temporaryFolder()
      const { collect: inFolder, said: saidThere } = runIn(folder)
      const refs = yield* inFolder(miniature({ patches: 10 }))
      writeFileSync(join(refs[2].folder, `${refs[2].name}_labels_metadata.json`), '{"labels":["Airports"]}')
      yield* inFolder(archive({ path: "miniature" }).pipe(decode(), store()))
      writeFileSync(join(folder, "test.csv"), refs.map(({ name }) => `"${name}",x\r\n`).join("\n"))
      const patches = yield* inFolder(read({ split: "test", bands: ["B01"], epochs: 2 }))
      expect(patches.map(({ index }) => index)).toEqual([0, 1, 3, 4, 5, 6, 7, 8, 9, 0, 1, 3, 4, 5, 6, 7, 8, 9])
      expect(saidThere.filter((line) => line.startsWith("read"))).toEqual([
        "read: left out 1 patch of test without a label under 19 classes"
      ])
      expect(yield* inFolder(read({ split: "test", bands: ["B01"], nomenclature: "43" }))).toHaveLength(10)
    })
  )

  effect("permutes labels among images for the control experiment", () =>
    Effect.gen(function* () {
      yield* prepared
      const own = yield* collect(read({ split: "train", bands: ["B01"] }))
      const shuffled = yield* collect(read({ split: "train", bands: ["B01"], shuffle_labels: true }))
      const texts = (patches: ReadonlyArray<Patch>) => patches.map(({ labels }) => labels.join(""))
      expect(texts(shuffled)).not.toEqual(texts(own))
      expect([...texts(shuffled)].sort()).toEqual([...texts(own)].sort())
      expect(shuffled.map(({ image }) => image)).toEqual(own.map(({ image }) => image))
    })
  )

  effect("names what is missing", () =>
    Effect.gen(function* () {
      yield* prepared
      const message = (pipeline: ReturnType<typeof read>) =>
        Effect.map(Effect.flip(collect(pipeline)), (fault) => fault.message)
      expect(yield* message(read({ split: "test", from: "other.lmdb" }))).toContain(
        "other.lmdb: there is no store here"
      )
      expect(yield* message(read({ split: "test", bands: ["B8B"] }))).toContain("has no band B8B; did you mean `B8A`?")
      const empty = runIn(temporaryFolder())
      expect((yield* Effect.flip(empty.collect(read({ split: "val" })))).message).toContain("val.csv: cannot be read")
      const listed = temporaryFolder()
      mkdirSync(listed, { recursive: true })
      for (const [content, problem] of [
        ["\n\n", "names no patch of val"],
        ["a\nb\na\n", "names a twice"],
        ["a\n", "there is no store here"]
      ]) {
        writeFileSync(join(listed, "val.csv"), content)
        expect((yield* Effect.flip(runIn(listed).collect(read({ split: "val" })))).message).toContain(problem)
      }
      writeFileSync(join(root, "val.csv"), "nobody\n")
      expect(yield* message(read({ split: "val" }))).toContain("patches.lmdb: holds no patch nobody")
    })
  )
})

describe("streams", () => {
  effect("keep their order though patches are done in another", () =>
    Effect.gen(function* () {
      const at = (concurrency: number) =>
        Effect.gen(function* () {
          const done: Array<number> = []
          const stream = Stream.range(0, 59).pipe(
            Stream.rechunk(1),
            mapGood("test", "fail", concurrency, String, (i: number) =>
              Effect.gen(function* () {
                yield* Effect.sleep(random(concurrency, 0, i, "delay").int(8))
                done.push(i)
                return random(7, 0, i, "value").next()
              })
            )
          )
          const values = yield* Effect.provide(Stream.runCollect(stream), layer)
          return { values, done }
        })
      const [one, two, eight] = yield* Effect.all([at(1), at(2), at(8)])
      expect(two.values).toEqual(one.values)
      expect(eight.values).toEqual(one.values)
      const inOrder = Array.from({ length: 60 }, (_, i) => i)
      expect(one.done).toEqual(inOrder)
      expect(two.done).not.toEqual(inOrder)
      expect(eight.done).not.toEqual(inOrder)
    })
  )

  effect("hold few patches at a time from read to batch", () =>
    Effect.gen(function* () {
      yield* prepared
      const size = 4
      const concurrency = 3
      let taken = 0
      let most = 0
      const before = assembled.count
      const pipeline = read({ split: "train", epochs: 3, bands: ["B01"], concurrency }).pipe(batch({ size }))
      yield* Effect.provide(
        Stream.runForEach(toStream(pipeline), (one) =>
          Effect.sync(() => {
            most = Math.max(most, assembled.count - before - taken)
            taken += one.size
          })
        ),
        layer
      )
      const made = assembled.count - before
      expect(taken).toBe(made)
      expect(made).toBe(3 * list("train").length)
      // One batch, and what is fetched ahead of it.
      expect(most).toBeLessThanOrEqual(size + concurrency + 1)
    })
  )
})
