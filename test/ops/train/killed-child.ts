/** Trains in the folder that is given, going on where it stopped, and prints a line a step. */
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

const [folder] = process.argv.slice(2)

const pipeline = batches({ epochs: 4, count: 3, size: 3 }).pipe(
  optimise({
    model: { ...tiny, parts: [[2, 1, 1]], part_dim: 6 },
    id_loss: "ml_xent",
    metric_loss: "triplet_hard",
    update_iter: 2,
    schedule: { name: "plateau", patience: 1, warm_up: 3 }
  }),
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

void Effect.runPromise(program)
