import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { augment } from "../../../../src/ops/data/patches/augment.ts"
import { erased, rectangles } from "../../../../src/ops/data/patches/pixels/erasing.ts"
import type { Shaped } from "../../../../src/ops/data/patches/pixels/geometry.ts"
import { blurred, pixelsChanged } from "../../../../src/ops/data/patches/pixels/pixel-operations.ts"
import { random } from "../../../../src/pipeline/random.ts"
import { effect } from "../../../effect.ts"
import { counting, runIn } from "../streams.ts"

type Cube = ReadonlyArray<ReadonlyArray<ReadonlyArray<number>>>

/** [row][column][channel] of values in [0, 1]. */
const cubes: fc.Arbitrary<Cube> = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 4 }))
  .chain(([h, w, c]) => {
    const of = <A>(item: fc.Arbitrary<A>, n: number) => fc.array(item, { minLength: n, maxLength: n })
    return of(
      of(
        of(
          fc.integer({ min: 0, max: 1000 }).map((n) => Math.fround(n / 1000)),
          c
        ),
        w
      ),
      h
    )
  })

const shapedOf = (cube: Cube): Shaped => ({
  height: cube.length,
  width: cube[0].length,
  image: Float32Array.from(cube.flat(2))
})

/** An index beyond the border as a mirror shows it that stands on the last pixel. */
const mirrored = (i: number, n: number): number => (n === 1 ? 0 : i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i)

/** The mean of nine values each, as the definition has it. */
const naiveBlur = (cube: Cube, acrossBands: boolean): Cube =>
  cube.map((line, y) =>
    line.map((pixel, x) =>
      pixel.map((_, c) => {
        let sum = 0
        for (const i of [-1, 0, 1]) {
          for (const j of [-1, 0, 1]) {
            const row = mirrored(y + i, cube.length)
            sum += acrossBands
              ? cube[row][x][mirrored(c + j, pixel.length)]
              : cube[row][mirrored(x + j, line.length)][c]
          }
        }
        return sum / 9
      })
    )
  )

const close = (got: ArrayLike<number>, expected: ReadonlyArray<number>, tolerance = 1e-6) => {
  expect(got.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) expect(Math.abs(got[i] - expected[i])).toBeLessThanOrEqual(tolerance)
}

const none = { blur: 0, brightness: 0, contrast: 0, gamma: 0 }
const options = { chances: none, compose: false, white: 1, acrossBands: false }

describe("pixel operations", () => {
  it.each([false, true])("blur as the definition does (across bands: %s)", (acrossBands) => {
    fc.assert(
      fc.property(cubes, (cube) => {
        const shaped = shapedOf(cube)
        close(
          blurred(Float64Array.from(shaped.image), shaped, acrossBands),
          naiveBlur(cube, acrossBands).flat(2),
          1e-12
        )
      })
    )
  })

  it("blur hand-checked: one bright pixel becomes a ninth of itself around it", () => {
    const image = new Float32Array(25)
    image[12] = 0.9
    const out = blurred(Float64Array.from(image), { height: 5, width: 5, image })
    expect([...out].filter((value) => value > 0).length).toBe(9)
    close(out.subarray(6, 9), [0.1, 0.1, 0.1], 1e-7)
  })

  /** What the chosen operation did to pixels, for so many draws. */
  const changes = (name: keyof typeof none, value: number, tries = 400) =>
    Array.from({ length: tries }, (_, i) => {
      const shaped = { height: 1, width: 2, image: Float32Array.of(value, value / 2) }
      const given = { ...options, chances: { ...none, [name]: 1 } }
      return pixelsChanged(shaped, random(3, 0, i, name), given).image
    }).filter((image) => image[0] !== Math.fround(value))

  it("brightness adds the same to all, at most 0.1", () => {
    const seen = changes("brightness", 0.5)
    for (const [a, b] of seen) expect(a - b).toBeCloseTo(0.25, 6)
    const moved = seen.map(([a]) => a - 0.5)
    expect(Math.min(...moved)).toBeGreaterThanOrEqual(-0.1 - 1e-6)
    expect(Math.max(...moved)).toBeLessThanOrEqual(0.1 + 1e-6)
    expect(Math.max(...moved) - Math.min(...moved)).toBeGreaterThan(0.15)
  })

  it("contrast multiplies, by 0.9 to 1.1", () => {
    const seen = changes("contrast", 0.5)
    for (const [a, b] of seen) expect(a / b).toBeCloseTo(2, 5)
    const times = seen.map(([a]) => a / 0.5)
    expect(Math.min(...times)).toBeGreaterThanOrEqual(0.9 - 1e-6)
    expect(Math.max(...times)).toBeLessThanOrEqual(1.1 + 1e-6)
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(0.15)
  })

  it("gamma raises to a power of 0.9 to 1", () => {
    for (const [a, b] of changes("gamma", 0.5)) {
      const exponent = Math.log(a) / Math.log(0.5)
      expect(exponent).toBeGreaterThanOrEqual(0.9 - 1e-5)
      expect(exponent).toBeLessThanOrEqual(1 + 1e-5)
      expect(b).toBeCloseTo(0.25 ** exponent, 5)
    }
  })

  it("are chosen every other time, one of four evenly or all in turn as a fifth", () => {
    const tries = 3000
    const shares = (chances: typeof none, compose: boolean) => {
      const shaped = { height: 1, width: 1, image: Float32Array.of(0.5) }
      const changed = Array.from({ length: tries }, (_, i) =>
        pixelsChanged(shaped, random(5, 1, i, "share"), { ...options, chances, compose })
      ).filter((one) => one !== shaped)
      return changed.length / tries
    }
    const near = (found: number, expected: number) => expect(Math.abs(found - expected)).toBeLessThan(0.03)
    near(shares({ blur: 1, brightness: 1, contrast: 1, gamma: 1 }, false), 1 / 2)
    near(shares({ ...none, gamma: 1 }, false), 1 / 8)
    near(shares({ ...none, gamma: 0.4 }, false), 1 / 20)
    near(shares({ ...none, gamma: 1 }, true), 1 / 2 / 5 + 1 / 2 / 5)
  })

  it("act on values scaled by white, and stay within it", () => {
    fc.assert(
      fc.property(cubes, fc.integer({ min: 0, max: 500 }), (cube, item) => {
        const chances = { blur: 1, brightness: 1, contrast: 1, gamma: 1 }
        const shaped = shapedOf(cube)
        const draw = () => random(9, 0, item, "scaled")
        const one = pixelsChanged(shaped, draw(), { ...options, chances, compose: true })
        const large = { ...shaped, image: shaped.image.map((value) => value * 1024) }
        const other = pixelsChanged(large, draw(), { ...options, chances, compose: true, white: 1024 })
        close(
          other.image,
          [...one.image].map((value) => value * 1024),
          1e-3
        )
        for (const value of one.image) expect(value >= 0 && value <= 1).toBe(true)
      })
    )
  })
})

describe("random erasing", () => {
  const size = { height: 40, width: 30 }
  const erasing = { p: 1, sl: 0.05, sh: 0.3, r1: 0.4 }
  const many = (count: number, by = erasing, untiring = false) =>
    Array.from({ length: count }, (_, i) => rectangles(size, random(1, 2, i, "erase"), by, untiring))

  it("takes one rectangle of the asked area and aspect, inside the image", () => {
    for (const [hole, ...more] of many(500)) {
      expect(more).toEqual([])
      const { columns, left, rows, top } = hole
      expect(top >= 0 && left >= 0 && top + rows <= size.height && left + columns <= size.width).toBe(true)
      // Edges are rounded to whole pixels.
      const share = (rows * columns) / (size.height * size.width)
      expect(share).toBeGreaterThan(erasing.sl * 0.8)
      expect(share).toBeLessThan(erasing.sh * 1.2)
      expect(rows / columns).toBeGreaterThan(erasing.r1 * 0.8)
      expect(rows / columns).toBeLessThan(1.25 / erasing.r1)
    }
  })

  it("reaches every corner, and is done with its probability", () => {
    const all = many(2000, { ...erasing, p: 0.3 })
    const done = all.flat()
    expect(Math.abs(done.length / all.length - 0.3)).toBeLessThan(0.04)
    expect(Math.min(...done.map(({ top }) => top))).toBe(0)
    expect(Math.max(...done.map(({ left, columns }) => left + columns))).toBe(size.width)
  })

  it("goes on after a success where the original does", () => {
    for (const holes of many(20, erasing, true)) {
      expect(holes.length).toBeGreaterThan(60)
      expect(holes.length).toBeLessThanOrEqual(100)
    }
  })

  it("sets all channels of a rectangle to 0 and nothing else", () => {
    const image = Float32Array.from({ length: 4 * 5 * 2 }, (_, i) => i + 1)
    const out = erased({ height: 4, width: 5, image }, [{ top: 1, left: 2, rows: 2, columns: 3 }])
    out.image.forEach((value, at) => {
      const [row, column] = [Math.floor(at / 10), Math.floor(at / 2) % 5]
      const inside = row >= 1 && row < 3 && column >= 2
      expect(value).toBe(inside ? 0 : image[at])
    })
    expect(image.includes(0)).toBe(false)
  })
})

describe("augment", () => {
  const { collect } = runIn("/nowhere")
  const all = { h_flip: 1, v_flip: 1, rotate: 1, blur: 1, brightness: 1, contrast: 1, gamma: 1, compose: true }
  const given = (params: Parameters<typeof augment>[0], epochs = 1) =>
    collect(counting({ patches: 30, epochs }).pipe(augment({ ...all, random_erasing: { p: 0.5 }, ...params })))

  effect("does nothing where `use_transform` is false", () =>
    Effect.gen(function* () {
      expect(yield* given({ use_transform: false })).toEqual(yield* collect(counting({ patches: 30 })))
    })
  )

  effect("gives the same for the same epoch and another for another", () =>
    Effect.gen(function* () {
      const [once, twice] = [yield* given({}), yield* given({}, 2)]
      expect(twice.slice(0, 30)).toEqual(once)
      expect(twice.slice(30).some(({ image }, i) => image.some((value, j) => value !== once[i].image[j]))).toBe(true)
    })
  )

  effect("takes white from the pixels' type before it takes it from the bands' names", () =>
    Effect.gen(function* () {
      const images = (patches: Parameters<typeof counting>[0], params: Parameters<typeof augment>[0]) =>
        Effect.map(collect(counting(patches).pipe(augment({ ...all, ...params }))), (found) =>
          found.map(({ image }) => image)
        )
      const told = yield* images({ patches: 30 }, { white: 5000 })
      expect(yield* images({ patches: 30, white: 5000 }, {})).toEqual(told)
      expect(yield* images({ patches: 30 }, {})).not.toEqual(told)
      // Colours of 16 bits, or from 0 to 255: what is white nothing says.
      const colours = images({ patches: 30, bands: ["Red", "Green"] }, {})
      expect((yield* Effect.flip(colours)).message).toContain(
        "p0: has the channels Red, Green, whose value of white is not known"
      )
    })
  )

  effect("asks for white where bands have no scale of their own", () =>
    Effect.gen(function* () {
      const radar = collect(counting({ patches: 1, bands: ["VV", "VH"] }).pipe(augment(all)))
      expect((yield* Effect.flip(radar)).message).toContain(
        "p0: has the channels VV, VH, whose value of white is not known"
      )
      const told = collect(counting({ patches: 1, bands: ["VV", "VH"] }).pipe(augment({ ...all, white: 1 })))
      expect((yield* told).length).toBe(1)
    })
  )
})

describe("the choice of flips and turns", () => {
  const { collect } = runIn("/nowhere")
  const patches = 600
  /** What became of each patch, told by its first pixel's old place: 0 stayed, 6 h, 24 v or 270, 30 turned by 180. */
  const seen = (chances: Parameters<typeof augment>[0]) =>
    Effect.map(collect(counting({ patches }).pipe(augment(chances))), (all) =>
      all.map(({ image, index }) => `${image[0] - 100 * index},${image[2] - 100 * index}`)
    )
  const shares = (all: ReadonlyArray<string>) => {
    const count = (key: string) => all.filter((one) => one === key).length / patches
    return {
      none: count("0,2"),
      h: count("6,4"),
      v: count("24,26"),
      turned90: count("6,14"),
      turned180: count("30,28"),
      turned270: count("24,16")
    }
  }
  const near = (found: number, expected: number) => expect(Math.abs(found - expected)).toBeLessThan(0.07)

  effect("chooses one of three evenly and applies it with its own probability", () =>
    Effect.gen(function* () {
      const all = shares(yield* seen({ h_flip: 1, v_flip: 1, rotate: 1 }))
      near(all.none, 0)
      near(all.h, 1 / 3)
      near(all.v, 1 / 3)
      near(all.turned90, 1 / 9)
      near(all.turned180, 1 / 9)
      near(all.turned270, 1 / 9)
      const half = shares(yield* seen({ h_flip: 0.5, v_flip: 0, rotate: 1 }))
      near(half.none, 1 / 2)
      near(half.h, 1 / 6)
      expect(half.v).toBe(0)
      near(half.turned90 + half.turned180 + half.turned270, 1 / 3)
    })
  )

  effect("leaves patches alone by default", () =>
    Effect.gen(function* () {
      expect(shares(yield* seen({})).none).toBe(1)
    })
  )
})
