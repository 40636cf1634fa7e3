/** Trains in the given folder, resumes after its newest checkpoint, and prints a line per step. */
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { newestEpoch } from "../../../src/ops/model/weights/checkpoints.ts"
import { FirstEpoch } from "../../../src/ops/run.ts"
import { openEngine } from "../../../src/ops/tensor/engine.ts"
import { checkpoint } from "../../../src/ops/train/checkpoint.ts"
import { curve } from "../../../src/ops/train/curve.ts"
import { optimise } from "../../../src/ops/train/optimise.ts"
import { toStream } from "../../../src/pipeline/interpret.ts"
import { batches, services, tiny } from "./harness.ts"

const [folder, kind, end] = process.argv.slice(2)

const common = {
  model: { ...tiny, parts: [[2, 1, 1]], part_dim: 6 },
  id_loss: "ml_xent",
  update_iter: 2,
  schedule: { name: "plateau", patience: 1, warm_up: 3 }
} as const

/** Everything that checkpoints hold beside weights and moments. */
const remembering = {
  metric_loss: { name: "triplet", miner: "distance_weighted" },
  optimizer: { name: "lion" },
  learning_rate: 1e-4,
  xbm: { size: 10, after: 1 },
  ema: 0.9,
  clip_norm: 1,
  rates: { backbone: 0.5 }
} as const

const pipeline = batches({ epochs: 4, count: 3, size: 3 }).pipe(
  optimise({ ...common, ...(kind === "memory" ? remembering : { metric_loss: "triplet_hard" }) }),
  checkpoint(),
  curve()
)

const program = Effect.gen(function* () {
  const from = yield* newestEpoch(join(folder, "checkpoints"))
  const engine = yield* openEngine("wasm")
  yield* Stream.runForEach(toStream(pipeline), ({ step }) => Effect.sync(() => console.log(`step ${step}`))).pipe(
    Effect.provideService(FirstEpoch, from),
    Effect.provide(services(folder, engine))
  )
})

await Effect.runPromise(program)
// Waits until it is killed.
if (end === "wait") setInterval(() => {}, 1000)
