/** Passes through whole networks: as recorded functions where the engine has them, otherwise operation by operation. */
import { finite, plus } from "./elementwise.ts"
import type { Applied, Forward, SlopesOf, Trainable, TrainingPasses } from "./graphs.ts"
import type { Engine } from "./operations.ts"
import type { Tensor } from "./tfjs.ts"

/** A network without gradients, for many batches. */
export const forwardOf = (engine: Engine, network: Forward): Applied =>
  engine.graphs?.forward(engine, network) ?? { run: network.run, start: () => undefined, dispose: () => {} }

/** A sum of outputs, weighted by the known slopes of the loss: its backward pass starts from exactly those slopes. */
const weighted = (engine: Engine, outputs: ReadonlyArray<Tensor>, slopes: ReturnType<SlopesOf>): Tensor =>
  outputs
    .flatMap((output, i) => {
      const slope = slopes[i]
      return slope === undefined ? [] : [engine.weightedSum(output, slope)]
    })
    .reduce(plus)

/** Passes operation by operation. */
export const eagerPasses = (engine: Engine, { checked, run, trained }: Trainable): TrainingPasses => ({
  outputs: (values, shape) =>
    engine.scope(() => {
      const outputs = run(engine.tensor(values, shape), (_, tensor) => engine.dispose([tensor]))
      return outputs.map(engine.read)
    }),
  gradients: (values, shape, slopesOf) => {
    const seen: Array<readonly [string, Tensor]> = []
    const body = () => {
      const images = engine.tensor(values, shape)
      const { gradients } = engine.gradients(() => {
        const outputs = run(images, (name, tensor) => void seen.push([name, tensor]))
        return weighted(engine, outputs, slopesOf(outputs.map(engine.read)))
      }, trained())
      const made = gradients.filter((one) => one !== undefined)
      const flag = checked ? engine.keep(finite(made)) : undefined
      made.forEach(engine.keep)
      return { gradients, finite: flag }
    }
    try {
      return { ...engine.scope(body), seen }
    } catch (fault) {
      engine.dispose(seen.map(([, tensor]) => tensor))
      throw fault
    }
  }
})

/** Passes through a network in training. */
export const trainingPasses = (engine: Engine, network: Trainable): TrainingPasses => {
  const passesOf = (one: Trainable) => eagerPasses(engine, one)
  return engine.graphs?.training(engine, network, passesOf) ?? passesOf(network)
}
