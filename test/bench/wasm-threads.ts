/** A training step on WebAssembly: convolutions on all processors, on one thread, and by the library's own kernels. */
import { availableParallelism } from "node:os"
import { Effect } from "effect"
import { makeModel } from "../../src/ops/model/model.ts"
import { openEngine } from "../../src/ops/tensor/engine.ts"
import { tileTeam } from "../../src/ops/tensor/tiles/team.ts"
import type { Losses } from "../../src/ops/train/losses/combined.ts"
import { orderedMultiLabel } from "../../src/ops/train/losses/oml.ts"
import { zeroMoments } from "../../src/ops/train/optimisers.ts"
import { makeTrainer } from "../../src/ops/train/trainer.ts"
import { initialWeights } from "../ops/model/initial.ts"
import { type Figure, inTurn } from "./harness.ts"
import { CLASSES, noise } from "./images.ts"
import { networks } from "./networks.ts"

/** Share of the time on one thread that two threads may take. */
const MOST = 0.625

export const wasmThreads = async (): Promise<ReadonlyArray<Figure>> => {
  const name = "resnet10-slim, 64 px, batch 64"
  const { backbone, batchSize, channels, pixels, rounds } = networks[name]
  const engine = await Effect.runPromise(openEngine("wasm"))
  const model = makeModel({ backbone, pooling: "avg", channels, num_classes: CLASSES })
  const batch = noise(batchSize, pixels, channels)
  const losses: Losses = { id: undefined, metric: (input) => orderedMultiLabel(input), weight: [1, 1] }
  const start = { weights: initialWeights(model, 1), moments: zeroMoments(model.parameters), step: 0 }
  const trainer = makeTrainer(engine, model, { losses }, start)
  const threads = availableParallelism()
  const team = tileTeam(threads)
  const step = () => trainer.step([batch], 1e-3, () => 0)
  const sharing = (given: typeof team | undefined, steps: number) => () => {
    const end = engine.share(given)
    for (let i = 0; i < steps; i++) step()
    end()
  }
  // As long as one sharing lasts, the memory is kept.
  const keep = engine.share(undefined)
  // The threads are ready after some steps.
  sharing(team, 5)()
  const all = await inTurn(sharing(team, 1), sharing(undefined, 1), rounds)
  keep()
  const library = () => [1, 2, 3].forEach(step)
  const tiles = await inTurn(sharing(undefined, 3), library, rounds)
  team.close()
  trainer.dispose()
  const pace = (ms: number) => `${((1000 * batchSize) / ms).toFixed(0)} images/s`
  return [
    {
      name: `WebAssembly, training ${name}: ${threads} threads, and one`,
      ...{ ...all, unit: "ms", bound: `${pace(all.ours)}; ratio at most ${MOST} from two processors on` },
      holds: threads === 1 || all.ratio <= MOST
    },
    {
      name: `WebAssembly, training ${name}: products of tiles on one thread, and the library's kernels`,
      ...{ ...tiles, unit: "ms", bound: `${pace(tiles.ours / 3)}; ratio below 1`, holds: tiles.ratio < 1 }
    }
  ]
}
