import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import * as operations from "../../../src/ops/tensor/elementwise.ts"
import type { Engine } from "../../../src/ops/tensor/engine.ts"
import type { Tensor } from "../../../src/ops/tensor/tfjs.ts"
import { differences } from "./differences.ts"
import { type Grid, grid } from "./naive.ts"
import { close, devices, differentiated, noise, opened, upload } from "./with-engine.ts"

type Shape = ReadonlyArray<number>

interface Case {
  readonly inputs: ReadonlyArray<Shape>
  /** The operation in plain float64. */
  readonly plain: (...inputs: ReadonlyArray<Grid>) => Grid
  readonly on: (engine: Engine) => (...tensors: ReadonlyArray<Tensor>) => Tensor
  /** Added to every value. */
  readonly shift?: number
}

/** Values in (-1, 1) in random order, no two alike nor near each other, none near 0, no two that add up to 0. */
const distinct = (shape: Shape, seed: number, shift: number): Grid => {
  const order = noise(shape, seed)
  const ranks = new Map(
    [...order.data.keys()].sort((a, b) => order.data[a] - order.data[b]).map((i, rank) => [i, rank])
  )
  const n = order.data.length
  return grid(shape, (i) => Math.fround((2 * ((ranks.get(i) ?? 0) + 0.37)) / n - 1 + shift))
}

/** Offsets of a tensor's cells by their indices, the last index fastest. */
const cells = (shape: Shape): ReadonlyArray<ReadonlyArray<number>> =>
  shape.reduce<ReadonlyArray<ReadonlyArray<number>>>(
    (all, n) => all.flatMap((index) => Array.from({ length: n }, (_, i) => [...index, i])),
    [[]]
  )
const at = ({ shape, data }: Grid, index: Shape): number =>
  data[index.reduce((offset, i, axis) => offset * shape[axis] + Math.min(i, shape[axis] - 1), 0)]
const mapped = (shape: Shape, value: (index: Shape) => number): Grid => {
  const indices = cells(shape)
  return grid(shape, (i) => value(indices[i]))
}
const sum = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b, 0)
const mean = (values: ReadonlyArray<number>): number => sum(values) / values.length
const logistic = (value: number): number => 1 / (1 + Math.exp(-value))

const length = fc.integer({ min: 1, max: 4 })
const image = fc.tuple(fc.integer({ min: 1, max: 2 }), length, length, length)
const each = (of: (value: number) => number) => (x: Grid) => grid(x.shape, (i) => of(x.data[i]))
const overPixels =
  (of: (values: ReadonlyArray<number>) => number, keep: boolean) =>
  (x: Grid): Grid => {
    const [N, H, W, C] = x.shape
    const pixels = cells([H, W])
    return mapped(keep ? [N, 1, 1, C] : [N, C], (index) =>
      of(pixels.map(([i, j]) => at(x, [index[0], i, j, index[index.length - 1]])))
    )
  }
const lastAxis = (x: Grid, index: Shape): ReadonlyArray<number> =>
  Array.from({ length: x.shape[x.shape.length - 1] }, (_, c) => at(x, [...index.slice(0, -1), c]))

const ofImage = (
  plain: (x: Grid) => Grid,
  on: (engine: Engine) => (x: Tensor) => Tensor,
  shift?: number
): fc.Arbitrary<Case> => image.map((x) => ({ inputs: [x], plain, on: on as Case["on"], ...(shift && { shift }) }))

const product = (transposeA: boolean, transposeB: boolean): fc.Arbitrary<Case> =>
  fc.tuple(length, length, length, length).map(([n, i, k, j]) => ({
    inputs: [
      [n, ...(transposeA ? [k, i] : [i, k])],
      [n, ...(transposeB ? [j, k] : [k, j])]
    ],
    plain: (a, b) =>
      mapped([n, i, j], ([batch, row, column]) => {
        const left = (inner: number) => at(a, [batch, ...(transposeA ? [inner, row] : [row, inner])])
        const right = (inner: number) => at(b, [batch, ...(transposeB ? [column, inner] : [inner, column])])
        return sum(Array.from({ length: k }, (_, inner) => left(inner) * right(inner)))
      }),
    on: () => (a, b) => operations.batchMatMul(a, b, { transposeA, transposeB })
  }))

/** Two shapes of which the second is repeated along axes where its length is 1. */
const repeated = (
  plain: (a: number, b: number) => number,
  on: (engine: Engine) => (a: Tensor, b: Tensor) => Tensor,
  same = false
): fc.Arbitrary<Case> =>
  fc.tuple(image, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 })).map(([x, ones]) => ({
    inputs: [x, x.map((n, axis) => (!same && ones[axis] ? 1 : n))],
    plain: (a, b) => mapped(a.shape, (index) => plain(at(a, index), at(b, index))),
    on: on as Case["on"]
  }))

const FLOOR = 1e-6

const cases: Readonly<Record<string, fc.Arbitrary<Case>>> = {
  "max(x, 0)": ofImage(
    each((x) => Math.max(0, x)),
    (engine) => engine.relu
  ),
  "the join of a block": repeated(
    (a, b) => Math.max(0, a + b),
    (engine) => engine.addRelu,
    true
  ),
  "sums, repeated": repeated(
    (a, b) => a + b,
    () => operations.plus
  ),
  "products, repeated": repeated(
    (a, b) => a * b,
    () => operations.times
  ),
  sigmoid: ofImage(each(logistic), () => operations.sigmoid),
  swish: ofImage(
    each((x) => x * logistic(x)),
    () => operations.swish
  ),
  softmax: ofImage(
    (x) => mapped(x.shape, (index) => Math.exp(at(x, index)) / sum(lastAxis(x, index).map((value) => Math.exp(value)))),
    () => operations.softmax
  ),
  "the distance below the largest": ofImage(
    (x) => mapped(x.shape, (index) => Math.max(...lastAxis(x, index)) - at(x, index)),
    () => operations.belowMax
  ),
  "means over pixels": ofImage(overPixels(mean, true), () => operations.spatialMean),
  "means over pixels, flat": ofImage(overPixels(mean, false), (engine) => engine.globalAveragePool),
  "maxima over pixels": ofImage(
    overPixels((values) => Math.max(...values), true),
    () => operations.spatialMax
  ),
  "maxima over pixels of negative values": ofImage(
    overPixels((values) => Math.max(...values), true),
    () => operations.spatialMax,
    -3
  ),
  "maxima and means over channels": ofImage(
    (x) =>
      mapped([...x.shape.slice(0, 3), 2], (index) => {
        const values = lastAxis(x, index)
        return index[3] === 0 ? Math.max(...values) : mean(values)
      }),
    () => operations.channelMaxAndMean
  ),
  "generalised means, with their power's gradient": image.map((x) => ({
    inputs: [x, [1]],
    shift: 1.5,
    plain: (values, p) =>
      overPixels(
        (pixels) => mean(pixels.map((value) => Math.max(value, FLOOR) ** p.data[0])) ** (1 / p.data[0]),
        true
      )(values),
    on: () => (values, p) => operations.generalisedMean(values, p, FLOOR)
  })),
  "another shape": image.map(([n, h, w, c]) => ({
    inputs: [[n, h, w, c]],
    plain: (x) => ({ ...x, shape: [n * h, w * c] }),
    on: () => (x) => operations.reshape(x, [n * h, w * c])
  })),
  "tensors end to end": fc.tuple(image, fc.integer({ min: 0, max: 3 }), length).map(([x, axis, more]) => ({
    inputs: [x, x.map((n, i) => (i === axis ? more : n))],
    plain: (a, b) =>
      mapped(
        x.map((n, i) => (i === axis ? n + more : n)),
        (index) =>
          index[axis] < x[axis]
            ? at(a, index)
            : at(
                b,
                index.map((i, k) => (k === axis ? i - x[axis] : i))
              )
      ),
    on: () => (a, b) => operations.concat([a, b], axis)
  })),
  "parts of a tensor": image.chain((x) =>
    fc.tuple(...x.map((n) => fc.integer({ min: 0, max: n - 1 }))).map((begin) => {
      const size = x.map((n, axis) => Math.max(1, n - begin[axis] - 1))
      return {
        inputs: [x],
        plain: (whole: Grid) =>
          mapped(size, (index) =>
            at(
              whole,
              index.map((i, axis) => i + begin[axis])
            )
          ),
        on: () => (whole: Tensor) => operations.slice(whole, begin, size)
      }
    })
  ),
  "matrix products": fc.tuple(length, fc.integer({ min: 1, max: 9 }), length).map(([n, k, m]) => ({
    inputs: [
      [n, k],
      [k, m]
    ],
    plain: (a, b) =>
      mapped([n, m], ([i, j]) => sum(Array.from({ length: k }, (_, l) => at(a, [i, l]) * at(b, [l, j])))),
    on: (engine) => engine.matMul
  })),
  "matrix products for each image": product(false, false),
  "matrix products, the first transposed": product(true, false),
  "matrix products, the second transposed": product(false, true),
  "matrix products, both transposed": product(true, true)
}

describe.each(devices)("operations between convolutions, on %s", (device) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened(device)
  })

  it.each(Object.keys(cases))("%s, with all gradients", (name) => {
    fc.assert(
      fc.property(cases[name], fc.nat(), ({ inputs, on, plain, shift = 0 }, seed) => {
        const given = inputs.map((shape, i) => distinct(shape, seed + i, shift))
        const expected = plain(...given)
        const dy = noise(expected.shape, seed + 9)
        const before = engine.live()
        const got = differentiated(engine, given, dy, on(engine))
        expect(engine.live()).toBe(before)
        close(got.y, expected)
        differences(plain, given, dy).forEach((slope, i) => {
          close(got.gradients[i] as Float32Array, slope, 1e-4)
        })
      }),
      { numRuns: 40 }
    )
  })

  it("share the gradient of a maximum among those that hold it", () => {
    const x = grid([1, 1, 2, 2], (i) => [3, 1, 3, 3][i])
    const spatial = differentiated(
      engine,
      [x],
      grid([1, 1, 1, 2], () => 1),
      operations.spatialMax
    )
    expect([...(spatial.gradients[0] as Float32Array)]).toEqual([0.5, 0, 0.5, 1])
    const largestAlone = grid([1, 1, 2, 2], (i) => (i % 2 === 0 ? 1 : 0))
    const channels = differentiated(engine, [x], largestAlone, operations.channelMaxAndMean)
    expect([...(channels.gradients[0] as Float32Array)]).toEqual([1, 0, 0.5, 0.5])
  })

  it("blend two tensors", () => {
    fc.assert(
      fc.property(image, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (shape, share, seed) => {
        const [a, b] = [noise(shape, seed), noise(shape, seed + 1)]
        const got = engine.scope(() => engine.read(engine.blend(upload(engine, a), upload(engine, b), share)))
        close(
          got,
          grid(shape, (i) => (1 - share) * a.data[i] + share * b.data[i])
        )
      }),
      { numRuns: 20 }
    )
  })
})
