/** Losses by their names, as configurations choose them. */
import type { Choose, LossDefinition, LossInput, LossValue } from "../../../../src/ops/train/losses/loss.ts"
import { losses } from "../../../../src/ops/train/losses.ts"
import { chosenFrom } from "../../../../src/pipeline/definition.ts"

/** The definition of a loss and its parameters. @param own parameters that are not the defaults */
export const chosenLoss = (name: string, own: object = {}) => {
  const chosen = chosenFrom<LossDefinition>(losses, { name, ...own })
  if (chosen === undefined) throw new Error(`no loss ${name}`)
  return chosen
}

/** A loss. Unless a test draws by itself, the first of several images is drawn. */
export const lossOf = (name: string, own: object = {}) => {
  const chosen = chosenLoss(name, own)
  const loss = chosen.definition.loss(chosen.own, "none")
  return (input: LossInput, choose: Choose = () => 0): LossValue => loss(input, choose)
}
