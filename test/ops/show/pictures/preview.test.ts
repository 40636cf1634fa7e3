import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import sharp from "sharp"
import { describe, expect, it } from "vitest"
import { normalise } from "../../../../src/ops/data/patches/normalise.ts"
import { Run } from "../../../../src/ops/run.ts"
import { MOSAIC, rgbOf } from "../../../../src/ops/show/pictures/mosaic.ts"
import { preview } from "../../../../src/ops/show/pictures/preview.ts"
import { lacksData } from "../../../../src/ops/show/pictures/true-colour.ts"
import { toStream } from "../../../../src/pipeline/interpret.ts"
import { effect } from "../../../effect.ts"
import { counting } from "../../data/streams.ts"
import { fakeRun } from "../../fake-run.ts"

const drawn = (params: Parameters<typeof preview>[0], epochs = 2, take = 1000) =>
  Effect.gen(function* () {
    const { folder, run, wrote } = yield* fakeRun
    const pipeline = counting({ patches: 5, epochs }).pipe(preview({ bands: ["B03", "B02", "B02"], ...params }))
    const passed = yield* Effect.provideService(Stream.runCollect(Stream.take(toStream(pipeline), take)), Run, run)
    const path = join(folder, "previews", "preview.png")
    const raw = existsSync(path)
      ? yield* Effect.promise(() => sharp(path).raw().toBuffer({ resolveWithObject: true }))
      : undefined
    const list = raw === undefined ? [] : JSON.parse(readFileSync(path.replace(".png", ".json"), "utf8"))
    return { passed, raw, list, wrote }
  })

describe("preview", () => {
  effect("draws a row for each of the first patches and a column for each epoch; all patches pass", () =>
    Effect.gen(function* () {
      const { list, passed, raw, wrote } = yield* drawn({ patches: 3, epochs: 2 })
      expect(passed.length).toBe(10)
      expect(wrote.map((path) => path.split("/").at(-1))).toEqual(["preview.png", "preview.json", "preview.html"])
      const { gap, side } = MOSAIC
      expect([raw?.info.width, raw?.info.height]).toEqual([2 * (side + gap) + gap, 3 * (side + gap) + gap])
      expect(list).toEqual(
        [1, 2].flatMap((epoch) =>
          [0, 1, 2].map((row) => ({
            row,
            column: epoch - 1,
            patch: `p${row}`,
            epoch,
            labels: row % 2 === 1 ? ["a", "b"] : ["b"]
          }))
        )
      )
    })
  )

  it("knows which pixels of a patch were filled in for want of data", () => {
    const bands = ["Red", "Green", "Blue"]
    const patch = { name: "p", bands, height: 1, width: 2, image: Float32Array.of(1, 2, 3, 4, 5, 6) }
    const given = { kind: "patch", index: 0, epoch: 0, labels: new Uint8Array(0), classes: [], ...patch } as const
    expect(lacksData(rgbOf(given, bands))).toBe(false)
    const filled = rgbOf({ ...given, nodata: Uint8Array.of(0, 0, 0, 0, 1, 0) }, bands)
    expect(filled.map(({ data }) => [...data])).toEqual([
      [1, 4],
      [2, Number.NaN],
      [3, 6]
    ])
  })

  effect("shows the same pictures behind normalise as before it, and true colours if white is known", () =>
    Effect.gen(function* () {
      const pixels = (behind: boolean, white?: number) =>
        Effect.gen(function* () {
          const { folder, run } = yield* fakeRun
          const patches = counting({ patches: 3, bands: ["B02", "B03"], ...(white === undefined ? {} : { white }) })
          const look = preview({ bands: ["B03", "B02", "B02"] })
          const pipeline = behind ? patches.pipe(normalise({ by: "bigearthnet" }), look) : patches.pipe(look)
          yield* Effect.provideService(Stream.runDrain(toStream(pipeline)), Run, run)
          return yield* Effect.promise(() =>
            sharp(join(folder, "previews", "preview.png"))
              .raw()
              .toBuffer()
          )
        })
      const plain = yield* pixels(false)
      const behind = yield* pixels(true)
      // Scaling back is rounded to float32, so a value may move by one level of 256.
      expect(plain.reduce((most, value, i) => Math.max(most, Math.abs(value - behind[i])), 0)).toBeLessThanOrEqual(1)
      const white = yield* pixels(true, 1000)
      const { gap } = MOSAIC
      const width = 120 + 2 * gap
      const corner = (row: number) => [...white.subarray(((gap + row * (120 + gap)) * width + gap) * 3).subarray(0, 3)]
      // The first pixel of patch i is 100 i in B02 and 100 i + 1 in B03.
      expect(corner(0)).toEqual([0, 0, 0])
      expect(corner(2)).toEqual([51, 51, 51])
    })
  )

  effect("has a page with names, labels and epochs", () =>
    Effect.gen(function* () {
      const { wrote } = yield* drawn({ patches: 2, epochs: 2 })
      const html = readFileSync(wrote[2], "utf8")
      expect(html).toContain('<th scope="row">p1<small>a; b</small></th>')
      expect(html).toContain('<th scope="col">epoch 2</th>')
      expect(html.match(/<img alt="p\d, epoch \d" src="data:image\/webp;base64,/g)).toHaveLength(4)
    })
  )

  effect("gives all pictures one stretch: patches with larger values are brighter", () =>
    Effect.gen(function* () {
      const { raw } = yield* drawn({ patches: 3, epochs: 1 })
      const { gap, side } = MOSAIC
      const [width, channels] = [raw?.info.width ?? 0, raw?.info.channels ?? 0]
      const middle = (row: number) =>
        raw?.data[((gap + row * (side + gap) + side / 2) * width + gap + side / 2) * channels] ?? 0
      expect(middle(1)).toBeGreaterThan(middle(0) + 50)
      expect(middle(2)).toBeGreaterThan(middle(1) + 50)
    })
  )

  effect("is written when it is full, and at the end where it never is", () =>
    Effect.gen(function* () {
      expect((yield* drawn({ patches: 2, epochs: 1 }, 2, 3)).list.length).toBe(2)
      expect((yield* drawn({ patches: 9, epochs: 4 })).list.length).toBe(10)
    })
  )

  effect("names the band that is not there", () =>
    Effect.gen(function* () {
      const fault = yield* Effect.flip(drawn({ bands: "rgb" }))
      expect(fault.message).toContain("p0: has no band B04 to draw")
    })
  )
})
