import { defineOptimiser } from "./optimiser.ts"

/** The optimiser `adam`. */
export const adam = defineOptimiser({
  name: "adam",
  title: "Adam with betas 0.9 and 0.999, as PyTorch's",
  source: "Kingma and Ba, ICLR 2015",
  params: {},
  moments: ["m", "v"],
  update: (engine, { moments: [m, v], weight }, gradient, { learningRate, step }) => {
    const next = engine.adam({ weight, m, v }, gradient, { learningRate, step, inPlace: true })
    return { weight: next.weight, moments: [next.m, next.v] }
  }
})
