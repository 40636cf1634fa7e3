import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import sharp from "sharp"
import { describe, expect, it } from "vitest"
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
      expect(wrote.map((path) => path.split("/").at(-1))).toEqual(["preview.png", "preview.json"])
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
