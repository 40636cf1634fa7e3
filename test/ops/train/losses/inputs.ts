/** Small batches for the properties of losses. */
import fc from "fast-check"
import type { LossInput } from "../../../../src/ops/train/losses/loss.ts"

/** Batches whose values are as many as their labels, so that any loss takes them. */
export const inputs = (most = 9): fc.Arbitrary<LossInput> =>
  fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 2, max: 5 })).chain(([rows, width]) => {
    const list = (item: fc.Arbitrary<number>) => fc.array(item, { minLength: rows * width, maxLength: rows * width })
    return fc.record({
      rows: fc.constant(rows),
      values: list(fc.integer({ min: -400, max: 400 })).map((of) => Float32Array.from(of, (n) => (5 * n) / 1024)),
      labels: list(fc.integer({ min: 0, max: 1 })).map((of) => Uint8Array.from(of))
    })
  })
