import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import { type Padding, sidesOf } from "../../../src/ops/tensor/geometry.ts"
import * as naive from "./naive.ts"
import { close, devices, differentiated, noise, opened, upload } from "./with-engine.ts"

interface Convolution {
  readonly n: number
  readonly h: number
  readonly w: number
  readonly c: number
  readonly o: number
  readonly kh: number
  readonly kw: number
  readonly stride: number
  readonly padding: Padding
  readonly dilation: number
  readonly groups: number
  readonly seed: number
}

const paddings = (max: number): fc.Arbitrary<Padding> => {
  const side = fc.integer({ min: 0, max })
  return fc.oneof(side, fc.tuple(side, side, side, side))
}

const convolutions: fc.Arbitrary<Convolution> = fc
  .record({
    n: fc.integer({ min: 1, max: 3 }),
    h: fc.integer({ min: 1, max: 11 }),
    w: fc.integer({ min: 1, max: 11 }),
    /** Channels and outputs of one group. */
    c: fc.integer({ min: 1, max: 5 }),
    o: fc.integer({ min: 1, max: 5 }),
    groups: fc.constantFrom(1, 1, 1, 2, 3, 6),
    kh: fc.integer({ min: 1, max: 4 }),
    kw: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    padding: paddings(3),
    dilation: fc.integer({ min: 1, max: 2 }),
    seed: fc.nat()
  })
  .filter(({ h, w, kh, kw, padding, dilation }) => {
    const [top, bottom, left, right] = sidesOf(padding)
    const fits = (n: number, k: number) => n >= dilation * (k - 1) + 1
    return fits(h + top + bottom, kh) && fits(w + left + right, kw)
  })

const pools = fc
  .record({
    n: fc.integer({ min: 1, max: 2 }),
    h: fc.integer({ min: 3, max: 9 }),
    w: fc.integer({ min: 3, max: 9 }),
    c: fc.constantFrom(1, 2, 3, 4, 4, 8),
    size: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    padding: paddings(1),
    seed: fc.nat()
  })
  .filter(({ size, padding }) => 2 * Math.max(...sidesOf(padding)) <= size)

const normals = fc.record({
  n: fc.integer({ min: 1, max: 4 }),
  h: fc.integer({ min: 2, max: 7 }),
  w: fc.integer({ min: 2, max: 7 }),
  c: fc.integer({ min: 1, max: 9 }),
  shift: fc.constantFrom(0, 2, -5),
  relu: fc.boolean(),
  epsilon: fc.constantFrom(1e-5, 1e-3),
  seed: fc.nat()
})

describe.each(devices)("kernels on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })

  const checkConv = (p: Convolution) => {
    const x = noise([p.n, p.h, p.w, p.c * p.groups], p.seed)
    const w = noise([p.kh, p.kw, p.c, p.o * p.groups], p.seed + 1)
    const y = naive.conv(x, w, p)
    const dy = noise(y.shape, p.seed + 2)
    const { dx, dw } = naive.convGradients(x, w, dy, p)
    const got = differentiated(engine, [x, w], dy, (a, b) => engine.conv2d(a, b, p))
    close(got.y, y)
    close(got.gradients[0] as Float32Array, dx)
    close(got.gradients[1] as Float32Array, dw)
  }

  it("convolves with any stride, padding, dilation and groups, with both gradients", () => {
    fc.assert(fc.property(convolutions, checkConv), { numRuns: 400 })
  })

  it("convolves with filters of one row or column at a stride, cells left over at the end", () => {
    const thin = convolutions
      .map((p) => ({ ...p, groups: 1, stride: 2 + (p.seed % 2), ...(p.seed % 3 === 0 ? { kh: 1 } : { kw: 1 }) }))
      .filter(({ h, w, kh, kw, dilation }) => h >= dilation * (kh - 1) + 1 && w >= dilation * (kw - 1) + 1)
    fc.assert(fc.property(thin, checkConv), { numRuns: 400 })
  })

  it.each([
    { n: 3, h: 21, w: 17, c: 10, o: 8, kh: 7, kw: 7, stride: 2, padding: 3, dilation: 1, groups: 1, seed: 5 },
    { n: 2, h: 9, w: 7, c: 8, o: 16, kh: 3, kw: 3, stride: 2, padding: 2, dilation: 2, groups: 1, seed: 6 },
    { n: 40, h: 9, w: 9, c: 12, o: 7, kh: 1, kw: 1, stride: 1, padding: 0, dilation: 1, groups: 1, seed: 7 },
    { n: 40, h: 15, w: 15, c: 7, o: 12, kh: 1, kw: 1, stride: 2, padding: 0, dilation: 1, groups: 1, seed: 8 },
    { n: 9, h: 31, w: 31, c: 4, o: 64, kh: 3, kw: 3, stride: 1, padding: 1, dilation: 1, groups: 1, seed: 9 },
    { n: 2, h: 9, w: 9, c: 4, o: 4, kh: 3, kw: 3, stride: 2, padding: 1, dilation: 1, groups: 32, seed: 10 },
    {
      n: 2,
      h: 12,
      w: 11,
      c: 1,
      o: 1,
      kh: 5,
      kw: 5,
      stride: 2,
      padding: [1, 2, 1, 2],
      dilation: 1,
      groups: 48,
      seed: 11
    },
    { n: 3, h: 2, w: 2, c: 7, o: 9, kh: 3, kw: 3, stride: 1, padding: 1, dilation: 1, groups: 1, seed: 12 },
    { n: 3, h: 1, w: 2, c: 7, o: 9, kh: 3, kw: 3, stride: 2, padding: 1, dilation: 1, groups: 1, seed: 13 },
    { n: 3, h: 2, w: 2, c: 5, o: 9, kh: 2, kw: 3, stride: 2, padding: [0, 0, 1, 1], dilation: 1, groups: 1, seed: 14 }
  ] satisfies ReadonlyArray<Convolution>)("convolves the shapes of residual networks: %o", checkConv)

  it("keeps no stale copy of a filter", () => {
    const x = noise([2, 5, 5, 3], 1)
    for (const seed of [2, 3, 4]) {
      const w = noise([3, 3, 3, 4], seed)
      const options = { stride: 1, padding: 1, dilation: 1 }
      const got = engine.scope(() => engine.read(engine.conv2d(upload(engine, x), upload(engine, w), options)))
      close(got, naive.conv(x, w, options))
    }
  })

  it.each([-3, 0, 3])("pools maxima of values shifted by %d, with the gradient", (shift) => {
    fc.assert(
      fc.property(pools, (p) => {
        const x = noise([p.n, p.h, p.w, p.c], p.seed, shift)
        const dy = noise(naive.maxPool(x, p).y.shape, p.seed + 1)
        const expected = naive.maxPool(x, p, dy)
        const got = differentiated(engine, [x], dy, (a) => engine.maxPool(a, p))
        close(got.y, expected.y)
        close(got.gradients[0] as Float32Array, expected.dx)
      }),
      { numRuns: 60 }
    )
  })

  it("gives the gradient of equal maxima to the first", () => {
    const x = naive.grid([1, 4, 4, 1], () => -2)
    const dy = naive.grid([1, 2, 2, 1], (i) => i + 1)
    const { gradients } = differentiated(engine, [x], dy, (a) => engine.maxPool(a, { size: 2, stride: 2, padding: 0 }))
    expect([...(gradients[0] as Float32Array)]).toEqual([1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0])
  })

  it("normalises each image by its own statistics, with all gradients", () => {
    fc.assert(
      fc.property(normals, ({ n, h, w, c, shift, relu, epsilon, seed }) => {
        const [x, gamma, beta, dy] = [
          noise([n, h, w, c], seed, shift),
          noise([c], seed + 1, 1.5),
          noise([c], seed + 2),
          noise([n, h, w, c], seed + 3)
        ]
        // An image of its own is a batch of one; the gradients of scale and shift add up.
        const image = ({ data }: naive.Grid, i: number) => naive.grid([1, h, w, c], (at) => data[i * h * w * c + at])
        const each = Array.from({ length: n }, (_, i) =>
          naive.batchNorm(image(x, i), gamma, beta, relu, image(dy, i), epsilon)
        )
        const stacked = (of: (one: (typeof each)[number]) => naive.Grid) =>
          naive.grid(x.shape, (at) => of(each[Math.floor(at / (h * w * c))]).data[at % (h * w * c)])
        const summed = (of: (one: (typeof each)[number]) => naive.Grid) =>
          naive.grid([c], (at) => each.reduce((sum, one) => sum + of(one).data[at], 0))
        fc.pre(!relu || stacked(({ y }) => y).data.every((y) => y === 0 || y > 1e-4))
        const got = differentiated(engine, [x, gamma, beta], dy, (a, b, s) =>
          engine.instanceNorm(a, b, s, { relu, epsilon })
        )
        close(
          got.y,
          stacked(({ y }) => y),
          1e-4
        )
        close(
          got.gradients[0] as Float32Array,
          stacked(({ dx }) => dx),
          5e-4
        )
        close(
          got.gradients[1] as Float32Array,
          summed(({ dgamma }) => dgamma),
          5e-4
        )
        close(
          got.gradients[2] as Float32Array,
          summed(({ dbeta }) => dbeta),
          5e-4
        )
      }),
      { numRuns: 60 }
    )
  })

  it("normalises by batch statistics, with all gradients", () => {
    fc.assert(
      fc.property(normals, ({ n, h, w, c, shift, relu, epsilon, seed }) => {
        const [x, gamma, beta, dy] = [
          noise([n, h, w, c], seed, shift),
          noise([c], seed + 1, 1.5),
          noise([c], seed + 2),
          noise([n, h, w, c], seed + 3)
        ]
        const expected = naive.batchNorm(x, gamma, beta, relu, dy, epsilon)
        // Values within rounding of the kink of ReLU may fall on either side of it.
        fc.pre(!relu || expected.y.data.every((y) => y === 0 || y > 1e-4))
        const got = differentiated(engine, [x, gamma, beta], dy, (a, b, s) => {
          const { y, mean, variance } = engine.batchNorm(a, b, s, { relu, epsilon })
          close(engine.read(mean), expected.mean, 1e-4)
          close(engine.read(variance), expected.unbiased, 1e-4)
          engine.dispose([mean, variance])
          return y
        })
        close(got.y, expected.y, 1e-4)
        close(got.gradients[0] as Float32Array, expected.dx, 5e-4)
        close(got.gradients[1] as Float32Array, expected.dgamma, 5e-4)
        close(got.gradients[2] as Float32Array, expected.dbeta, 5e-4)
      }),
      { numRuns: 60 }
    )
  })

  it("refuses statistics of a single value of each channel", () => {
    const before = engine.live()
    const norm = (shape: ReadonlyArray<number>) =>
      engine.scope(() => {
        const [x, gamma, beta] = [noise(shape, 1), noise([2], 2), noise([2], 3)].map((grid) => upload(engine, grid))
        const { mean, variance } = engine.batchNorm(x, gamma, beta, { relu: false })
        engine.dispose([mean, variance])
      })
    expect(() => norm([1, 1, 1, 2])).toThrow(
      "batch norm: has a single value per channel, which has no variance to train with. Drop the incomplete last batch of an epoch (`drop_last: true` of `batch`), or use larger batches or images."
    )
    norm([2, 1, 1, 2])
    norm([1, 1, 2, 2])
    expect(engine.live()).toBe(before)
  })

  it("normalises by given statistics", () => {
    fc.assert(
      fc.property(normals, ({ n, h, w, c, shift, relu, epsilon, seed }) => {
        const x = noise([n, h, w, c], seed, shift)
        // Variances from 0.1 on: divided by a smaller one, a rounding of the mean would count more than the formula.
        const given = [1.5, 0, shift, 1.1].map((by, i) => noise([c], seed + 1 + i, by))
        const got = engine.scope(() => {
          const [gamma, beta, mean, variance] = given.map((one) => upload(engine, one))
          return engine.read(engine.normalise(upload(engine, x), { gamma, beta, mean, variance }, { relu, epsilon }))
        })
        close(got, naive.normalise(x, given, relu, epsilon), 1e-4)
      }),
      { numRuns: 60 }
    )
  })

  it("joins and rectifies, pools the mean, multiplies", () => {
    const [a, b, dy] = [noise([2, 3, 5, 4], 1), noise([2, 3, 5, 4], 2), noise([2, 3, 5, 4], 3)]
    const join = differentiated(engine, [a, b], dy, (x, y) => engine.addRelu(x, y))
    const sum = naive.grid(a.shape, (i) => Math.max(0, a.data[i] + b.data[i]))
    const mask = naive.grid(a.shape, (i) => (sum.data[i] > 0 ? dy.data[i] : 0))
    close(join.y, sum)
    close(join.gradients[0] as Float32Array, mask)
    close(join.gradients[1] as Float32Array, mask)

    const alone = differentiated(engine, [a], dy, (x) => engine.relu(x))
    close(
      alone.gradients[0] as Float32Array,
      naive.grid(a.shape, (i) => (a.data[i] > 0 ? dy.data[i] : 0))
    )

    const small = noise([2, 4], 4)
    const mean = differentiated(engine, [a], small, (x) => engine.globalAveragePool(x))
    const channel = (i: number) => Math.floor(i / 60) * 4 + (i % 4)
    const means = naive.grid([2, 4])
    for (let i = 0; i < a.data.length; i++) means.data[channel(i)] += a.data[i] / 15
    close(mean.y, means)
    close(
      mean.gradients[0] as Float32Array,
      naive.grid(a.shape, (i) => small.data[channel(i)] / 15)
    )
  })

  it("computes no gradient that the value does not depend on", () => {
    const [a, b] = [noise([2, 3, 3, 4], 1), noise([5], 2)]
    const { gradients } = differentiated(engine, [a, b], a, (x) => engine.relu(x))
    expect(gradients[0]).toBeDefined()
    expect(gradients[1]).toBeUndefined()
  })

  it("refuses shapes that do not fit, saying which", () => {
    const run =
      (x: ReadonlyArray<number>, w: ReadonlyArray<number>, groups = 1) =>
      () =>
        engine.scope(() => {
          const options = { stride: 1, padding: 0, dilation: 1, groups }
          engine.conv2d(upload(engine, noise(x, 1)), upload(engine, noise(w, 2)), options)
        })
    expect(run([1, 4, 4, 6], [3, 3, 6, 8], 4)).toThrow(
      "6 input channels and 8 output channels cannot be divided into 4 equal groups"
    )
    expect(run([1, 4, 4, 6], [3, 3, 2, 8], 2)).toThrow("6 channels does not fit a filter of 2 in 2 groups")
    expect(run([1, 4, 4, 3], [3, 3, 2, 8])).toThrow("an input of 3 channels does not fit a filter of 2")
    expect(run([1, 2, 4, 3], [3, 3, 3, 8])).toThrow("an image of 2x4 pixels is smaller than a filter of 3x3")
  })
})
