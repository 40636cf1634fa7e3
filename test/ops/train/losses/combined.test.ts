import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { combined } from "../../../../src/ops/train/losses/combined.ts"
import { contrastiveAverage } from "../../../../src/ops/train/losses/contrastive-avg.ts"
import type { LossInput, LossValue } from "../../../../src/ops/train/losses/loss.ts"
import { multiLabelCrossEntropy } from "../../../../src/ops/train/losses/ml-xent.ts"
import { inputs } from "./inputs.ts"

describe("both losses over branches", () => {
  it("is the weighted sum of the means of each kind, and so is its gradient", () => {
    const losses = {
      id: multiLabelCrossEntropy,
      metric: (input: LossInput) => contrastiveAverage(input),
      weight: [0.5, 2] as const
    }
    fc.assert(
      fc.property(inputs(), ({ labels, rows, values }) => {
        const branch = (times: number) => ({
          embedding: values.map((x) => x * times),
          logits: values.map((x) => x - times)
        })
        const branches = { local: [branch(1), branch(2), branch(3)], global: [branch(4)] }
        const got = combined(losses, branches, labels, rows, () => 0)
        const id = (i: number) => multiLabelCrossEntropy({ values: branch(i).logits, labels, rows })
        const metric = (i: number) => losses.metric({ values: branch(i).embedding, labels, rows })
        const mean = (of: (i: number) => LossValue) => (of(1).value + of(2).value + of(3).value) / 3 + of(4).value
        expect(got.id).toBeCloseTo(mean(id), 9)
        expect(got.metric).toBeCloseTo(mean(metric), 9)
        expect(got.total).toBeCloseTo(0.5 * mean(id) + 2 * mean(metric), 9)
        expect(got.gradients.local[1].logits?.[0]).toBeCloseTo((0.5 * id(2).gradient[0]) / 3, 6)
        expect(got.gradients.global[0].embedding?.[0]).toBeCloseTo(2 * metric(4).gradient[0], 6)
      }),
      { numRuns: 30 }
    )
  })
})
