import { probability } from "../../../pipeline/definition.ts"
import { defineOptimiser } from "./optimiser.ts"

/**
 * The optimiser `adamw`: each weight is first multiplied by 1 - rate x `weight_decay`, then updated as by Adam. The moments do
 * not see the decay.
 */
export const adamw = defineOptimiser({
  name: "adamw",
  title: "Adam whose weight decay is decoupled from the gradient, as PyTorch's AdamW",
  source: "Loshchilov and Hutter, ICLR 2019",
  params: {
    weight_decay: probability("Decay of every weight per update, as a multiple of the learning rate.", 0.01),
    beta1: probability("Decay of the mean of gradients.", 0.9),
    beta2: probability("Decay of the mean of squared gradients.", 0.999)
  },
  moments: ["m", "v"],
  update: (engine, { moments: [m, v], weight }, gradient, { learningRate, step }, { beta1, beta2, weight_decay }) => {
    const decayed = weight.mul(1 - learningRate * weight_decay)
    const next = engine.adam({ weight: decayed, m, v }, gradient, { learningRate, step, beta1, beta2, inPlace: true })
    return { weight: next.weight, moments: [next.m, next.v] }
  }
})
