import { flag, probability } from "../../../pipeline/definition.ts"
import { defineOptimiser } from "./optimiser.ts"

/** The optimiser `sgd`; with `momentum: 0` it is plain gradient descent. */
export const sgd = defineOptimiser({
  name: "sgd",
  title: "Stochastic gradient descent with momentum, as PyTorch's",
  source: "Robbins and Monro 1951; Polyak 1964; Nesterov 1983",
  params: {
    momentum: probability("Share of the earlier updates that is kept.", 0.9),
    nesterov: flag("Moves by the gradient plus `momentum` times the new velocity, instead of by the velocity.", false)
  },
  moments: ["velocity"],
  update: (engine, { moments: [velocity], weight }, gradient, { learningRate }, { momentum, nesterov }) => {
    const next = engine.sgd({ weight, velocity }, gradient, { learningRate, momentum, nesterov, inPlace: true })
    return { weight: next.weight, moments: [next.velocity] }
  }
})
