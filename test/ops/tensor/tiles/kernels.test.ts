/** Convolutions by products of tiles: the bits of the library's own kernels, on any number of threads. */
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeModel } from "../../../../src/ops/model/model.ts"
import type { Engine } from "../../../../src/ops/tensor/engine.ts"
import { outputLength } from "../../../../src/ops/tensor/geometry.ts"
import { tileTeam } from "../../../../src/ops/tensor/tiles/team.ts"
import type { Losses } from "../../../../src/ops/train/losses/combined.ts"
import { orderedMultiLabel } from "../../../../src/ops/train/losses/oml.ts"
import { zeroMoments } from "../../../../src/ops/train/optimisers.ts"
import { makeTrainer } from "../../../../src/ops/train/trainer.ts"
import type { Team } from "../../../../src/ops/workers/loops.ts"
import { initialWeights } from "../../model/initial.ts"
import { makeBatch, tiny } from "../../train/harness.ts"
import { differentiated, noise, opened, sharing } from "../with-engine.ts"

/** Multiplications of a convolution. */
const products = ({ c, h, k, n, o, padding, stride, dilation, w }: Convolution) => {
  const out = (length: number) => outputLength(length + 2 * padding, k, stride, dilation)
  return n * out(h) * out(w) * o * k * k * c
}

interface Convolution {
  readonly n: number
  readonly h: number
  readonly w: number
  readonly c: number
  readonly o: number
  readonly k: number
  readonly stride: number
  readonly padding: number
  readonly dilation: number
  readonly seed: number
}

const convolutions: fc.Arbitrary<Convolution> = fc
  .record({
    n: fc.integer({ min: 1, max: 40 }),
    h: fc.integer({ min: 1, max: 24 }),
    w: fc.integer({ min: 1, max: 24 }),
    c: fc.integer({ min: 1, max: 35 }),
    o: fc.oneof(
      fc.integer({ min: 1, max: 8 }).map((n) => 8 * n),
      fc.integer({ min: 1, max: 40 })
    ),
    k: fc.constantFrom(1, 1, 2, 3, 3, 5, 7),
    stride: fc.integer({ min: 1, max: 3 }),
    padding: fc.integer({ min: 0, max: 3 }),
    dilation: fc.constantFrom(1, 1, 2),
    seed: fc.nat()
  })
  .filter(({ h, w, k, padding, dilation }) => Math.min(h, w) + 2 * padding >= dilation * (k - 1) + 1)
  .filter((one) => products(one) >= 2 ** 17 && products(one) < 2 ** 24)

describe("convolutions by products of tiles", () => {
  const teams = [2, 3].map(tileTeam)
  let engine: Engine
  beforeAll(async () => {
    engine = await opened("wasm")
  })
  afterAll(() => {
    for (const team of teams) team.close()
  })

  /** Names of the loops that a team is given. */
  const noting = (names: Array<string>): Team => ({
    memory: (_, bytes) => new SharedArrayBuffer(bytes),
    run: (loop, data, count) => {
      names.push(loop.name)
      const half = count >> 1
      loop.rows(data)(half, count)
      loop.rows(data)(0, half)
    }
  })

  const computed = (p: Convolution) => {
    const [x, w] = [noise([p.n, p.h, p.w, p.c], p.seed), noise([p.k, p.k, p.c, p.o], p.seed + 1)]
    const out = (length: number) => outputLength(length + 2 * p.padding, p.k, p.stride, p.dilation)
    const dy = noise([p.n, out(p.h), out(p.w), p.o], p.seed + 2)
    const { gradients, y } = differentiated(engine, [x, w], dy, (a, b) => engine.conv2d(a, b, p))
    return [y, ...gradients].map((one) => Buffer.from(new Uint8Array((one as Float32Array).buffer)).toString("base64"))
  }

  it("give the library's bits on one thread and on several, with both gradients", () => {
    fc.assert(
      fc.property(convolutions, (p) => {
        const library = computed(p)
        for (const team of [undefined, ...teams]) expect(sharing(engine, team, () => computed(p))).toEqual(library)
      }),
      { numRuns: 40 }
    )
  })

  const large = { n: 8, h: 16, w: 16, c: 16, o: 32, k: 3, stride: 1, padding: 1, dilation: 1, seed: 1 }

  it("are divided among threads if they are large, and stay on one thread otherwise", () => {
    const names: Array<string> = []
    const library = computed(large)
    expect(sharing(engine, noting(names), () => computed(large))).toEqual(library)
    expect(names).toEqual(["tile products", "tile products", "tile products"])
    sharing(engine, noting(names), () => computed({ ...large, n: 1, h: 8, w: 8 }))
    expect(names.length).toBe(3)
  })

  it("end a failed pass with the error of the team, and leave no tensor behind", () => {
    const failing: Team = {
      memory: (_, bytes) => new SharedArrayBuffer(bytes),
      run: () => {
        throw new Error("a thread that shares loops has ended")
      }
    }
    const before = engine.live()
    expect(() => sharing(engine, failing, () => computed(large))).toThrow("a thread that shares loops has ended")
    expect(engine.live()).toBe(before)
  })

  it("train a network to the same bits on any number of threads", () => {
    const model = makeModel(tiny)
    const batch = makeBatch(0, 0, 24)
    const losses: Losses = { id: undefined, metric: (input) => orderedMultiLabel(input), weight: [1, 1] }
    const start = { weights: initialWeights(model, 1), moments: zeroMoments(model.parameters), step: 0 }
    const trained = () => {
      const trainer = makeTrainer(engine, model, { losses }, start)
      try {
        const totals = [1, 2].map(() => trainer.step([batch], 1e-3, () => 0).total)
        return {
          totals,
          weights: trainer.state().weights.map(({ data }) => Buffer.from(data.buffer).toString("base64"))
        }
      } finally {
        trainer.dispose()
      }
    }
    const library = trained()
    for (const team of [undefined, ...teams]) expect(sharing(engine, team, trained)).toEqual(library)
  })
})
