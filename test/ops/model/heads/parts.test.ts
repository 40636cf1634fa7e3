import { Result } from "effect"
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { chunks, type Part, partsHead, piecesOf } from "../../../../src/ops/model/heads/parts.ts"
import { fixed } from "../../../../src/ops/model/layers/layer.ts"
import { ModelParams } from "../../../../src/ops/model/params.ts"
import { poolings } from "../../../../src/ops/model/poolings.ts"
import { uploadArrays } from "../../../../src/ops/model/weights/tensors.ts"
import type { Engine } from "../../../../src/ops/tensor/engine.ts"
import { check } from "../../../../src/pipeline/check.ts"
import { noise, opened } from "../../tensor/with-engine.ts"
import { norm, ruled } from "../recorded.ts"

const CHANNELS = 8
const DIM = 3
const CLASSES = 2

/** As PyTorch cuts: pieces of the same size until nothing is left. */
const cut = (length: number, count: number): ReadonlyArray<number> => {
  const sizes: Array<number> = []
  const size = Math.ceil(length / count)
  for (let left = length; left > 0; left -= size) sizes.push(Math.min(size, left))
  return sizes
}

const size = fc.integer({ min: 1, max: 4 })
const part = fc.tuple(fc.constantFrom(1, 2, 4), size, size) as fc.Arbitrary<Part>

describe("a cut length", () => {
  it("is covered by its pieces, in order, all but the last of one size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 12 }), (length, count) => {
        const pieces = chunks(length, count)
        expect(pieces.map((piece) => piece.size)).toEqual(cut(length, count))
        pieces.reduce((end, piece) => {
          expect(piece.from).toBe(end)
          return end + piece.size
        }, 0)
      })
    )
  })
})

describe("the part-based head", () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await opened("cpu")
  })

  it("gives one embedding and one vector of logits per piece that the map gives, for any parts and map", () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), size, size, (parts, H, W) => {
        const head = partsHead(poolings.avg.layer, CHANNELS, parts, DIM, CLASSES)
        const asked = parts.reduce((sum, [c, h, w]) => sum + c * h * w, 0)
        expect(head.dim).toBe(DIM * (asked + parts.length))
        const weights = uploadArrays(
          engine,
          head.parameters.map((parameter) => ruled(parameter, { seed: 2, G: 6 }))
        )
        const pass = { engine, get: weights.get, observe: undefined }
        const found = parts.reduce((sum, [c, h, w]) => sum + c * cut(H, h).length * cut(W, w).length, 0)
        for (const one of parts) {
          const [c, h, w] = piecesOf(one, CHANNELS, H, W)
          expect([c, h, w]).toEqual([one[0], cut(H, one[1]).length, cut(W, one[2]).length])
        }
        engine.scope(() => {
          const features = engine.tensor(Float32Array.from(noise([2, H, W, CHANNELS], 3, 0.5).data), [
            2,
            H,
            W,
            CHANNELS
          ])
          const { local, global } = head.branches(pass, features)
          expect([local.length, global.length]).toEqual([found, parts.length])
          const { embedding, logits } = head.predict(pass, features)
          expect(embedding.shape).toEqual([2, DIM * (found + parts.length)])
          expect(norm(engine.read(embedding))).toBeGreaterThan(0)
          expect(engine.read(head.embed(pass, features))).toEqual(engine.read(embedding))
          // Logits are the mean over those of the branches; the original takes those of the first piece.
          const each = [...local, ...global].map((branch) => engine.read(branch.logits))
          engine.read(logits).forEach((value, i) => {
            expect(value).toBeCloseTo(each.reduce((sum, one) => sum + one[i], 0) / each.length, 4)
          })
          const theirs = partsHead(poolings.avg.layer, CHANNELS, parts, DIM, CLASSES, true).predict(pass, features)
          expect(engine.read(theirs.logits)).toEqual(each[0])
          expect(engine.read(theirs.embedding)).toEqual(engine.read(embedding))
        })
        weights.dispose()
      }),
      { numRuns: 60 }
    )
  })

  it("is refused at load where groups of channels would not be of one size", () => {
    const said = (backbone: string, parts: ReadonlyArray<Part>) =>
      Result.match(check(ModelParams, { backbone, pooling: "avg", channels: 3, num_classes: 2, parts }), {
        onSuccess: () => "",
        onFailure: ([{ problem }]) => problem
      })
    for (const groups of [1, 2, 256]) expect(said("resnet10-slim", [[groups, 2, 1]])).toBe("")
    expect(said("efficientnet-b0", [[5, 1, 1]])).toBe("")
    for (const [backbone, groups] of [
      ["resnet10-slim", 3],
      ["resnet10-slim", 512],
      ["vgg16", 5]
    ] as const) {
      expect(
        said(backbone, [
          [1, 1, 1],
          [groups, 1, 1]
        ])
      ).toMatch(/^expected `parts` whose first numbers divide the number of features of the backbone/)
    }
  })

  it("pools the piece that its neck is named after: channels first, then rows, then columns", () => {
    // The sum over a piece of a map that holds a power of 2 in each cell tells which cells are in it.
    const [H, W, C] = [2, 2, 2]
    const sum = fixed((pass, x) => {
      const total = pass.engine.read(x).reduce((a, b) => a + b, 0)
      seen.push(total)
      return pass.engine.tensor(Float32Array.of(total), [1, 1])
    })
    const seen: Array<number> = []
    const head = partsHead(sum, 1, [[2, 2, 1]] as never, 1, 1)
    const weights = uploadArrays(
      engine,
      head.parameters.map((parameter) => ({
        ...parameter,
        shape: parameter.shape.map(() => 1),
        data: Float32Array.of(1)
      }))
    )
    engine.scope(() => {
      const features = engine.tensor(
        Float32Array.from({ length: H * W * C }, (_, i) => 2 ** i),
        [1, H, W, C]
      )
      head.branches({ engine, get: weights.get, observe: undefined }, features)
    })
    weights.dispose()
    // Cells in order: row 0 holds 1 2 | 4 8, row 1 holds 16 32 | 64 128, two channels each.
    expect(seen).toEqual([1 + 4, 16 + 64, 2 + 8, 32 + 128, 255])
  })
})
