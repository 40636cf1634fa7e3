/** Batch norm, max-pooling and Adam on memory that threads share: the bits of the library's own kernels. */
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Engine } from "../../../../src/ops/tensor/engine.ts"
import type { Tensor } from "../../../../src/ops/tensor/tfjs.ts"
import { tileTeam } from "../../../../src/ops/tensor/tiles/team.ts"
import { noise, opened, sharing, upload } from "../with-engine.ts"

const bitsOf = (values: Float32Array): string => Buffer.from(values.buffer).toString("base64")

/** Every number of channels that fills vectors or not, and of pixels that fill groups of seven or not. */
const images = fc.record({
  n: fc.integer({ min: 1, max: 40 }),
  h: fc.integer({ min: 2, max: 16 }),
  w: fc.integer({ min: 2, max: 16 }),
  c: fc.constantFrom<number>(1, 3, 4, 8, 12, 16, 20, 32, 36, 64),
  shift: fc.constantFrom<number>(0, 3),
  seed: fc.nat()
})
type Images = typeof images extends fc.Arbitrary<infer One> ? One : never

describe("passes over shared memory", () => {
  const teams = [2, 3].map(tileTeam)
  let engine: Engine
  beforeAll(async () => {
    engine = await opened("wasm")
  })
  afterAll(() => {
    for (const team of teams) team.close()
  })

  /** Expects the same bits from the library, and from loops on any number of threads. */
  const same = (computed: () => ReadonlyArray<Float32Array>): void => {
    const all = () => computed().map(bitsOf)
    const library = all()
    for (const team of [undefined, ...teams]) expect(sharing(engine, team, all)).toEqual(library)
  }

  const normed =
    ({ c, h, n, seed, shift, w }: Images, relu: boolean) =>
    () =>
      engine.scope(() => {
        const x = upload(engine, noise([n, h, w, c], seed, shift))
        const [gamma, beta] = [upload(engine, noise([c], seed + 1, 1)), upload(engine, noise([c], seed + 2))]
        const found: Array<Tensor> = []
        const { gradients } = engine.gradients(() => {
          const { mean, variance, y } = engine.batchNorm(x, gamma, beta, { relu })
          found.push(engine.keep(mean), engine.keep(variance), engine.keep(y.clone()))
          return engine.weightedSum(y, Float32Array.from(noise([n, h, w, c], seed + 3).data))
        }, [x, gamma, beta])
        const read = [...found, ...(gradients as ReadonlyArray<Tensor>)].map(engine.read)
        engine.dispose(found)
        return read
      })

  it("batch norm in training: result, statistics and gradients", () => {
    fc.assert(
      fc.property(images, fc.boolean(), (p, relu) => same(normed(p, relu))),
      { numRuns: 60 }
    )
  })

  it.each([
    [{ n: 1, h: 1, w: 2, c: 4, shift: 0, seed: 1 }, "fewer pixels than a group"],
    [{ n: 1, h: 1, w: 7, c: 4, shift: 0, seed: 2 }, "one group"],
    [{ n: 1, h: 2, w: 7, c: 4, shift: 0, seed: 3 }, "two groups"],
    [{ n: 64, h: 16, w: 16, c: 32, shift: 0, seed: 4 }, "an image large enough for threads"]
  ])("batch norm of %o: %s", (p) => {
    for (const relu of [false, true]) same(normed(p, relu))
  })

  it("batch norm by given statistics", () => {
    fc.assert(
      fc.property(images, fc.boolean(), ({ c, h, n, seed, shift, w }, relu) =>
        same(() =>
          engine.scope(() => {
            const given = [1, 0, 0, 2].map((by, i) => upload(engine, noise([c], seed + i, by)))
            const [gamma, beta, mean, variance] = given as [Tensor, Tensor, Tensor, Tensor]
            const x = upload(engine, noise([n, h, w, c], seed + 4, shift))
            return [engine.read(engine.normalise(x, { gamma, beta, mean, variance }, { relu }))]
          })
        )
      ),
      { numRuns: 30 }
    )
  })

  it("signed zeros and values that are not finite", () => {
    const odd = [0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-42]
    const values = Float32Array.from({ length: odd.length ** 2 * 4 }, (_, i) => odd[(i >> 2) % odd.length])
    const coefficient = (at: (i: number) => number) => Float32Array.from({ length: 4 }, (_, i) => at(i))
    for (const relu of [false, true]) {
      for (const beta of [0, -0, 1]) {
        same(() =>
          engine.scope(() => {
            const [mean, variance] = [coefficient(() => 0), coefficient(() => 1)].map((one) => engine.tensor(one, [4]))
            const gamma = engine.tensor(
              coefficient((i) => [1, -1, 0, -0][i]),
              [4]
            )
            const x = engine.tensor(values, [1, values.length / 4, 1, 4])
            const given = {
              gamma,
              beta: engine.tensor(
                coefficient(() => beta),
                [4]
              ),
              mean,
              variance
            }
            return [engine.read(engine.normalise(x, given, { relu }))]
          })
        )
      }
    }
  })

  it("the gradient of max-pooling", () => {
    fc.assert(
      fc.property(images, fc.integer({ min: 2, max: 3 }), ({ c, h, n, seed, w }, size) =>
        same(() =>
          engine.scope(() => {
            const x = upload(engine, noise([n, h + 1, w + 1, c], seed))
            const { gradients } = engine.gradients(() => {
              const y = engine.maxPool(x, { size, stride: 2, padding: 1 })
              return engine.weightedSum(y, Float32Array.from(noise(y.shape, seed + 1).data))
            }, [x])
            return [engine.read(gradients[0] as Tensor)]
          })
        )
      ),
      { numRuns: 30 }
    )
  })

  it.each([3, 4096, 100_001])("Adam of %i weights", (length) =>
    same(() =>
      engine.scope(() => {
        const [weight, m, v, gradient] = [0, 0, 1, 0].map((shift, i) => upload(engine, noise([length], i + 1, shift)))
        const made = engine.adam({ weight, m, v } as never, gradient as Tensor, { learningRate: 1e-3, step: 3 })
        return [made.weight, made.m, made.v].map(engine.read)
      })
    )
  )
})
