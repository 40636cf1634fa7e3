/** Operations of the way forth that the way back repeats. */
import type { Operation } from "./recorder.ts"

/**
 * Finds the operations that run again, in their order: `MaxPool`, and the padding before it. TensorFlow's gradient of `MaxPool` is
 * much faster if the same graph holds the `MaxPool`: it then knows which value of each window is the largest.
 *
 * @param before operations from images to outputs
 * @param after operations from slopes to gradients
 */
export const repeated = (
  before: ReadonlyArray<Operation>,
  after: ReadonlyArray<Operation>
): ReadonlyArray<Operation> => {
  const needed = new Set(after.filter(({ name }) => name === "MaxPoolGrad").map(({ inputs }) => inputs[1]))
  const found: Array<Operation> = []
  for (const operation of [...before].reverse()) {
    if (!/^(MaxPool|PadV2)$/.test(operation.name) || !needed.has(operation.outputs[0].id)) continue
    if (operation.name === "MaxPool") needed.add(operation.inputs[0])
    found.push(operation)
  }
  return found.reverse()
}
