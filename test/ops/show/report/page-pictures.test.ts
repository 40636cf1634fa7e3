import { Effect } from "effect"
import sharp from "sharp"
import { describe, expect } from "vitest"
import type { Band } from "../../../../src/ops/elements.ts"
import { png } from "../../../../src/ops/show/pictures/pictures.ts"
import type { Rgb } from "../../../../src/ops/show/pictures/true-colour.ts"
import { cut, pageStripsOf } from "../../../../src/ops/show/report/page-pictures.ts"
import { drawStrip, LAYOUT } from "../../../../src/ops/show/strips/strip.ts"
import { effect } from "../../../effect.ts"

const band = (name: string, value: number): Band => ({
  ...{ name, dtype: "uint8", height: 2, width: 2 },
  data: Uint8Array.of(value, value, value, value)
})
const flat = (red: number, green: number, blue: number): Rgb => [band("R", red), band("G", green), band("B", blue)]
const [red, green, blue] = [flat(255, 0, 0), flat(0, 255, 0), flat(0, 0, 255)]

const strip = Effect.fnUntraced(function* (row: number, pictures: ReadonlyArray<Rgb>) {
  const results = pictures.slice(1).map((_, i) => ({ name: `r${i}`, labels: [], similarity: 0.5, score: 1 }))
  const drawn = drawStrip(
    pictures,
    results.map(({ similarity }) => similarity)
  )
  return {
    ...{ row, file: `${row}.png`, query: { name: "q", labels: [] }, results },
    png: yield* png(drawn, "strip")
  }
})

describe("pictures of the page", () => {
  effect("are cut out of their strips, each distinct one once", () =>
    Effect.gen(function* () {
      const { pictures, strips } = yield* pageStripsOf([
        yield* strip(0, [red, green, red]),
        yield* strip(1, [blue, green])
      ])
      expect(strips.map((one) => one.pictures)).toEqual([
        [0, 1, 0],
        [2, 1]
      ])
      expect(strips.every((one) => !("png" in one))).toBe(true)
      const means = yield* Effect.forEach(pictures, (webp) =>
        Effect.promise(async () => {
          const { channels } = await sharp(webp).stats()
          const { format, height, width } = await sharp(webp).metadata()
          expect([format, width, height]).toEqual(["webp", LAYOUT.side, LAYOUT.side])
          return channels.map(({ mean }) => (mean > 128 ? 1 : 0))
        })
      )
      expect(means).toEqual([
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1]
      ])
    })
  )

  effect("hold nothing of what stands around them", () =>
    Effect.sync(() => {
      const { data } = cut(drawStrip([red, blue], [1]), 1)
      expect(new Set(data.filter((_, i) => i % 3 === 2))).toEqual(new Set([255]))
      expect(new Set(data.filter((_, i) => i % 3 !== 2))).toEqual(new Set([0]))
    })
  )
})
