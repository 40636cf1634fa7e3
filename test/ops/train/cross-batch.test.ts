/** Memory of earlier batches: which rows it holds, what losses make of it, and that training resumes with it. */
import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { memoryArrays, memoryFrom, remembered } from "../../../src/ops/train/cross-batch.ts"
import { combined, type Memory } from "../../../src/ops/train/losses/combined.ts"
import type { LossDefinition } from "../../../src/ops/train/losses/loss.ts"
import { losses } from "../../../src/ops/train/losses.ts"
import { optimise } from "../../../src/ops/train/optimise.ts"
import { decodeStep } from "../../../src/pipeline/decode.ts"
import { effect } from "../../effect.ts"
import { tiny } from "./harness.ts"
import { expectDifferences } from "./losses/differences.ts"
import { inputs } from "./losses/inputs.ts"
import { lossOf } from "./losses/loss-of.ts"
import { expectResumes } from "./resumes.ts"

const able = losses.filter((one: LossDefinition) => one.memory === true).map(({ name }) => name)
const GENTLE: Readonly<Record<string, object>> = {
  multi_similarity: { beta: 5, slack: 1 },
  circle: { gamma: 4 },
  triplet: { miner: "all" },
  margin: { negatives: "all" }
}
const gentle = (name: string) => lossOf(name, GENTLE[name])

/** A batch, and the number of its rows that are anchors. */
const parted = inputs(7).chain((input) =>
  fc.integer({ min: 1, max: input.rows }).map((anchors) => ({ ...input, anchors }))
)

describe.each(able)("%s with anchors", (name) => {
  const loss = gentle(name)

  it("gives the same numbers where all rows are anchors", () => {
    fc.assert(
      fc.property(inputs(7), (input) => {
        expect(loss({ ...input, anchors: input.rows })).toEqual(loss(input))
      }),
      { numRuns: 30 }
    )
  })

  it("has the gradient that central differences give for anchors, and none for the others", () => {
    fc.assert(
      fc.property(parted, (input) => {
        const width = input.values.length / input.rows
        const { gradient } = loss(input)
        expect(gradient.subarray(input.anchors * width).every((slope) => slope === 0)).toBe(true)
        // The published gradient of circle holds its weights constant.
        if (name === "circle") return
        expectDifferences(loss, input, input.anchors * width)
      }),
      { numRuns: 30 }
    )
  })
})

it("sums triplets of the anchors alone, as naive loops do", () => {
  fc.assert(
    fc.property(parted, ({ anchors, labels, rows, values }) => {
      const width = values.length / rows
      const vector = (i: number) => [...values.subarray(i * width, (i + 1) * width)]
      const unit = (x: ReadonlyArray<number>) => x.map((value) => value / Math.max(1e-12, Math.hypot(...x)))
      const d = (i: number, j: number) => {
        const [a, b] = [unit(vector(i)), unit(vector(j))]
        return Math.sqrt(Math.max(0, 2 - 2 * a.reduce((sum, x, k) => sum + x * b[k], 0)))
      }
      const alike = (i: number, j: number) => {
        const set = (row: number) => labels.subarray((row * labels.length) / rows, ((row + 1) * labels.length) / rows)
        const [a, b] = [set(i), set(j)]
        const both = a.filter((x, c) => x === 1 && b[c] === 1).length
        const any = a.filter((x, c) => x === 1 || b[c] === 1).length
        return any === 0 || 1 - both / any <= 0.5
      }
      const terms: Array<number> = []
      for (let a = 0; a < anchors; a++) {
        for (let p = 0; p < rows; p++) {
          for (let n = 0; n < rows; n++) {
            if (p !== a && n !== a && alike(a, p) && !alike(a, n)) terms.push(Math.max(0, 0.2 + d(a, p) - d(a, n)))
          }
        }
      }
      const expected = terms.reduce((sum, x) => sum + x, 0) / Math.max(1, terms.length)
      expect(gentle("triplet")({ anchors, labels, rows, values }).value).toBeCloseTo(expected, 6)
    }),
    { numRuns: 50 }
  )
})

/** A batch whose embeddings and labels tell the number of each row. */
const numbered = (from: number, rows: number): Memory => ({
  rows,
  labels: Uint8Array.from({ length: 2 * rows }, (_, i) => (from + (i >> 1)) % 2),
  embeddings: {
    local: [Float32Array.from({ length: rows }, (_, i) => from + i)],
    global: [Float32Array.from({ length: 3 * rows }, (_, i) => from + Math.floor(i / 3))]
  }
})

describe("the memory", () => {
  it("holds the newest rows of every branch, at most as many as it may, and survives its arrays", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 9 }), (rows, most) => {
        let memory: Memory | undefined
        let from = 0
        for (const one of rows) {
          memory = remembered(memory, numbered(from, one), most)
          from += one
        }
        const kept = Math.min(from, most)
        expect(memory).toEqual(numbered(from - kept, kept))
        expect(memoryFrom(memoryArrays(memory))).toEqual(memory)
      })
    )
    expect(memoryFrom([])).toBeUndefined()
    expect(memoryArrays(undefined)).toEqual([])
  })

  it("makes the loss of a batch and earlier rows, with slopes for the batch alone", () => {
    const memory = {
      rows: 2,
      labels: Uint8Array.of(1, 0, 0, 1),
      embeddings: { local: [], global: [Float32Array.of(1, 0, 0, 1)] }
    }
    const loss = gentle("supcon")
    const branch = { embedding: Float32Array.of(1, 1), logits: new Float32Array(2) }
    const given = { id: undefined, metric: loss, weight: [1, 2] as const }
    const labels = Uint8Array.of(1, 0)
    const found = combined(given, { local: [], global: [branch] }, labels, 1, () => 0, { memory })
    const direct = loss(
      { values: Float32Array.of(1, 1, 1, 0, 0, 1), labels: Uint8Array.of(1, 0, 1, 0, 0, 1), rows: 3, anchors: 1 },
      () => 0
    )
    expect(direct.value).toBeGreaterThan(0)
    expect(found.metric).toBe(direct.value)
    expect(found.gradients.global[0].embedding).toEqual(direct.gradient.subarray(0, 2).map((slope) => 2 * slope))
    expect(combined(given, { local: [], global: [branch] }, labels, 1, () => 0).metric).toBe(0)
  })
})

const said = (given: object) =>
  decodeStep(optimise, { model: tiny, ...given }).faults.map(({ path, problem }) => `${path.join(".")}: ${problem}`)

describe("in a configuration", () => {
  it("a loss that cannot use it refuses it by name, and learned proxies refuse parts", () => {
    const names = able.map((name) => `\`${name}\``).join(", ")
    expect(said({ metric_loss: "oml", xbm: { size: 8 } })).toEqual([
      `xbm: cannot be used by \`metric_loss: oml\`; choose one of ${names}, or omit \`xbm\``
    ])
    for (const name of able) expect(said({ metric_loss: name, xbm: { size: 8, after: 2 } })).toEqual([])
    expect(said({ metric_loss: "supcon", xbm: {} })).toEqual(["xbm.size: is missing"])
    const model = {
      ...tiny,
      parts: [
        [1, 1, 1],
        [1, 2, 2]
      ]
    }
    expect(said({ model, metric_loss: "proxy_anchor" })).toEqual([
      "metric_loss: `proxy_anchor` learns proxies for one embedding per image; omit `parts` of the model"
    ])
  })
})

describe("losses of signs", () => {
  it.each(["hashnet", "csq"])("%s needs a layer whose outputs have both signs", (metric_loss) => {
    expect(said({ metric_loss })).toEqual([
      `metric_loss: \`${metric_loss}\` trains the signs of embeddings, which are never negative without \`embedding_dim\` of the model; set it to the number of bits`
    ])
    expect(said({ metric_loss, model: { ...tiny, embedding_dim: 16 } })).toEqual([])
  })
})

describe("training", () => {
  const resumes = (params: Parameters<typeof expectResumes>[0], names: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const state = yield* expectResumes(params)
      expect(state.moments.map(({ name, shape }) => `${name} ${shape.join("x")}`)).toEqual(
        expect.arrayContaining([...names])
      )
      return state
    })

  effect("resumes with its memory, to the bit", () =>
    resumes({ metric_loss: { name: "triplet", miner: "distance_weighted" }, xbm: { size: 20, after: 1 } }, [
      "memory/labels 20x3",
      "memory/global0 20x256"
    ])
  )

  effect("resumes with its proxies, to the bit, and moves them", () =>
    Effect.gen(function* () {
      const state = yield* resumes({ metric_loss: "proxy_anchor", optimizer: "lion" }, [
        "learned/proxies 3x256",
        "mean/learned/proxies 3x256"
      ])
      const mean = state.moments.find(({ name }) => name === "mean/learned/proxies")
      expect(mean?.data.some((value) => value !== 0)).toBe(true)
    })
  )
})
