/** Gradients of losses against central differences of their values. */
import { expect } from "vitest"
import type { LossInput, LossValue } from "../../../../src/ops/train/losses/loss.ts"

const STEP = 2 ** -9

/** Expects the gradient of a loss that central differences give, for the first `count` values of a batch. */
export const expectDifferences = (
  loss: (input: LossInput) => LossValue,
  input: LossInput,
  count = input.values.length
): void => {
  const { gradient } = loss(input)
  const width = input.values.length / input.rows
  const scale = Math.max(0.05, ...gradient.map(Math.abs))
  input.values.subarray(0, count).forEach((value, i) => {
    // Beside a short vector, a step of fixed size would turn its direction too far.
    const row = input.values.subarray(width * Math.floor(i / width), width * (Math.floor(i / width) + 1))
    const step = STEP * Math.min(1, Math.hypot(...row) || 1)
    const at = (x: number) => loss({ ...input, values: input.values.with(i, x) }).value
    const slope = (h: number) => (at(value + h) - at(value - h)) / (2 * h)
    // Where the two sides disagree a kink or a sharp bend lies between, and a difference says nothing.
    const [right, left] = [at(value + step) - at(value), at(value) - at(value - step)]
    if (Math.abs(right - left) > 0.05 * scale * step) return
    // A difference errs by the square of its step: by a third of what half the step changes.
    const [wide, narrow] = [slope(step), slope(step / 2)]
    expect(Math.abs(narrow - gradient[i])).toBeLessThan(0.03 * scale + Math.abs(wide - narrow))
  })
}
