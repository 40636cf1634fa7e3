import { Effect, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { archive } from "../../../../../src/ops/data/archives/archive.ts"
import { decode } from "../../../../../src/ops/data/archives/decode.ts"
import { miniature } from "../../../../../src/ops/data/miniature/miniature.ts"
import { augment } from "../../../../../src/ops/data/patches/augment.ts"
import { crop } from "../../../../../src/ops/data/patches/crop.ts"
import { type At, cropped } from "../../../../../src/ops/data/patches/pixels/cropped.ts"
import { drawnTurn, turned } from "../../../../../src/ops/data/patches/pixels/turns.ts"
import { read } from "../../../../../src/ops/data/patches/read.ts"
import { keptSquare } from "../../../../../src/ops/data/patches/reading/kept-square.ts"
import { type Look, patchOf } from "../../../../../src/ops/data/patches/reading/make-patch.ts"
import { resize } from "../../../../../src/ops/data/patches/resize.ts"
import { split } from "../../../../../src/ops/data/splits/split.ts"
import { store } from "../../../../../src/ops/data/stores/store.ts"
import { type Band, Patch } from "../../../../../src/ops/elements.ts"
import { Threads } from "../../../../../src/ops/workers/threads.ts"
import { operator } from "../../../../../src/pipeline/operator.ts"
import { random } from "../../../../../src/pipeline/random.ts"
import type { Step } from "../../../../../src/pipeline/step.ts"
import { effect } from "../../../../effect.ts"
import { temporaryFolder } from "../../folder.ts"
import { runIn } from "../../streams.ts"

const TURNS = { h_flip: 0.8, v_flip: 0.8, rotate: 0.8 }

/** A fine and a coarse band, some of whose pixels have the value of pixels without data. */
const stored = (
  height: number,
  width: number,
  [coarseHeight, coarseWidth]: readonly [number, number],
  seed: number
) => {
  const band = (name: string, h: number, w: number): Band => {
    const draws = random(seed, h, w, name)
    return {
      name,
      dtype: "uint16",
      height: h,
      width: w,
      data: Uint16Array.from({ length: h * w }, () => draws.int(40))
    }
  }
  return {
    bands: [band("fine", height, width), band("coarse", coarseHeight, coarseWidth)],
    labels: Uint8Array.of(1),
    classes: ["x"]
  }
}

const look = (nodata: number | undefined): Look => ({
  bands: ["fine", "coarse", "fine"],
  nomenclature: "own",
  unit: false,
  rule: { nodata, fill: 3 },
  maxValues: 1e6
})

describe("reading only the square that is kept", () => {
  it("gives the square that is cut out of the whole patch, bit for bit", () => {
    const side = fc.integer({ min: 2, max: 9 })
    fc.assert(
      fc.property(
        fc.record({
          height: side,
          width: side,
          coarse: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
          size: fc.integer({ min: 1, max: 10 }),
          at: fc.constantFrom<At>("centre", "random"),
          turns: fc.constantFrom(undefined, TURNS),
          nodata: fc.constantFrom(undefined, 7),
          seed: fc.nat(1000)
        }),
        ({ at, coarse, height, nodata, seed, size, turns, width }) => {
          const draw = { epoch: seed % 3, index: seed }
          const given = stored(height, width, coarse, seed)
          const cut = (kept: Look["kept"]) => {
            const patch = patchOf(given, "p", draw, { ...look(nodata), kept }, undefined) as Patch
            const turn = turns && drawnTurn(random(seed, draw.epoch, draw.index, "augment"), turns)
            return () => cropped({ ...patch, ...turned(patch, turn) }, size, at, seed)
          }
          const [whole, part] = [cut(undefined), cut({ seed, size, at, turns })]
          if (size > Math.min(height, width)) {
            expect(part).toThrow(/has \d+ x \d+ pixels, too few for a crop/)
            expect(whole).toThrow(/too few/)
          } else expect(part()).toEqual(whole())
        }
      ),
      { numRuns: 400 }
    )
  })

  it("is done for flips, turns and a crop alone", () => {
    const all = read({ split: "train" })
    const squareOf = ({ steps }: { readonly steps: ReadonlyArray<Step> }) => keptSquare(steps.slice(1), 5)
    const square = crop({ size: 8, at: "random" })
    const kept = { seed: 5, size: 8, at: "random", turns: undefined }
    expect(squareOf(all.pipe(square))).toEqual(kept)
    expect(squareOf(all.pipe(augment({ use_transform: false, blur: 1 }), square))).toEqual(kept)
    const turns = { h_flip: 0.5, v_flip: 0, rotate: 0 }
    expect(squareOf(all.pipe(augment({ h_flip: 0.5 }), square))).toEqual({ ...kept, turns })
    for (const one of ["blur", "brightness", "contrast", "gamma", "band_jitter", "band_dropout"]) {
      expect(squareOf(all.pipe(augment({ [one]: 0.5 }), square)), one).toBeUndefined()
    }
    const random_erasing = { p: 0.5, sl: 0.02, sh: 0.4, r1: 0.3 }
    for (const one of [{ random_erasing }, { resized_crop: { p: 0.5 } }, { colour_jitter: { p: 0.5 } }]) {
      expect(squareOf(all.pipe(augment(one), square)), Object.keys(one)[0]).toBeUndefined()
    }
    expect(squareOf(all.pipe(resize({ size: 9 }), square))).toBeUndefined()
    expect(squareOf(all)).toBeUndefined()
  })
})

const root = temporaryFolder()
const { collect } = runIn(root)

/** Passes patches on. After it, `read` does not know what is kept. */
const between = operator({
  name: "between",
  about: "Passes patches on.",
  from: Patch,
  to: Patch,
  params: {},
  run: () => (patches) => Stream.map(patches, (patch) => patch)
})

describe("a pipeline that reads, turns and cuts", () => {
  effect("gives the same patches as one whose `read` makes whole patches, on any number of threads", () =>
    Effect.gen(function* () {
      yield* collect(miniature({ patches: 26 }))
      yield* collect(archive({ path: "miniature" }).pipe(split({ train: 0.9, val: 0.05 }), decode(), store()))
      const texts = (threads: number, whole: boolean, at: At) => {
        const source = read({ split: "train", epochs: 24, shuffle: true, bands: ["B02", "B05", "B01"] })
        const turns = augment(TURNS)
        const square = crop({ size: 33, at })
        const pipeline = whole ? source.pipe(between(), turns, square) : source.pipe(turns, square)
        return Effect.map(Effect.provideService(collect(pipeline), Threads, threads), (patches) =>
          patches.map(({ epoch, height, image, name }) => [
            name,
            epoch,
            height,
            Buffer.from(image.buffer, image.byteOffset, image.byteLength).toString("base64")
          ])
        )
      }
      const expected = yield* texts(1, true, "random")
      expect(expected.length).toBeGreaterThan(512)
      expect(yield* texts(1, false, "random")).toEqual(expected)
      expect(yield* texts(2, false, "random")).toEqual(expected)
      expect(yield* texts(1, false, "centre")).toEqual(yield* texts(1, true, "centre"))
    })
  )
})
