/** Extraction by the engine of a run: on this thread, on several, or by ONNX Runtime. */
import { Effect, Exit, Scope } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import type { Batch, NamedArray } from "../../elements.ts"
import type { Model } from "../../model/model.ts"
import { OnnxError } from "../../onnx/onnx-error.ts"
import { Run } from "../../run.ts"
import { type Engine, EngineMemoryError, type Inference } from "../../tensor/engine.ts"
import { onThreads } from "../../tensor/tiles/team.ts"
import { type WorkerError, workerPool } from "../../workers/pool.ts"
import { EmbedError, type Extracted, extractor } from "./extract.ts"
import type { Network } from "./extract-work.ts"
import type { Inferred, Size } from "./infer-work.ts"

type Known = Omit<Network, "limit">
type Fault = EmbedError | EngineMemoryError | OnnxError | WorkerError
type Extract = (batch: Batch) => Effect.Effect<Extracted, Fault>

/** An array in shared memory, so that threads need no copy of their own. */
const shared = ({ data, ...array }: NamedArray): NamedArray => {
  const copy = new Float32Array(new SharedArrayBuffer(data.byteLength))
  copy.set(data)
  return { ...array, data: copy }
}

/** An error from a thread as the class that was thrown there. */
const thrownBy = (error: WorkerError): Fault => {
  if (error.thrown === "EmbedError") return new EmbedError(error)
  if (error.thrown === "OnnxError") return new OnnxError(error)
  return error.thrown === "EngineMemoryError" ? new EngineMemoryError(error) : error
}

const here = (tensors: Engine, model: Model, { arrays, predict }: Known) =>
  Effect.map(
    Effect.andThen(
      onThreads(tensors),
      Effect.acquireRelease(
        attempt(EmbedError, EngineMemoryError)(() => extractor(tensors, model, arrays, predict)),
        ({ dispose }) => Effect.sync(dispose)
      )
    ),
    ({ extract, start }): Extract =>
      (batch) =>
        Effect.flatMap(
          attempt(EmbedError, EngineMemoryError)(() => start(batch)),
          (started) =>
            started === undefined
              ? attempt(EmbedError, EngineMemoryError)(() => extract(batch))
              : Effect.uninterruptible(Effect.tryPromise({ try: () => started, catch: (cause) => cause as Fault }))
        )
  )

/** Number of batches that are worth extracting at the same time. */
export const batchesTogether = ({ graphs, workers }: Engine): number => Math.max(workers, graphs?.together ?? 1)

const onWorkers = (tensors: Engine, { arrays, ...network }: Known) => {
  const data: Network = { ...network, arrays: arrays.map(shared), limit: tensors.limit }
  const module = new URL("./extract-work.ts", import.meta.url)
  return Effect.map(
    workerPool<Batch, Extracted>({ module, size: tensors.workers, data }),
    (pool): Extract =>
      (batch) =>
        Effect.mapError(pool.run(batch, [batch.images.buffer as ArrayBuffer]), thrownBy)
  )
}

const byInference = ({ threads }: Inference, { arrays, ...network }: Known, { height, width }: Size) =>
  Effect.gen(function* () {
    const data: Inferred = { ...network, arrays: arrays.map(shared), threads }
    const module = new URL("./infer-work.ts", import.meta.url)
    const pool = yield* workerPool<Batch | Size, Extracted>({ module, size: 1, data })
    yield* Effect.mapError(pool.run({ height, width }), thrownBy)
    return ((batch) => Effect.mapError(pool.run(batch, [batch.images.buffer as ArrayBuffer]), thrownBy)) as Extract
  })

/** Releases what an effect has opened as soon as it fails; otherwise at the end of the scope. */
const ending = <A, E, R>(opening: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Scope.Scope> =>
  Effect.gen(function* () {
    const own = yield* Scope.fork(yield* Effect.scope)
    return yield* Effect.onError(Effect.provideService(opening, Scope.Scope, own), (cause) =>
      Scope.close(own, Exit.failCause(cause))
    )
  })

/** Tells the user that ONNX Runtime, which `auto` had chosen, does not run this network. */
const without = (engine: Engine, { message, problem = message }: { readonly message: string; problem?: string }) =>
  Effect.gen(function* () {
    const { record, say } = yield* Run
    yield* say(`  ONNX Runtime is not used: ${problem}; embeddings are computed on ${engine.name}`)
    yield* record("engine.withoutInference", problem)
  })

/**
 * Opens a network until the scope ends. On threads, several batches are computed at once, with the same results.
 *
 * @param size of the first images
 * @returns a function that applies the network to a batch. The images may be moved to a thread and cannot be used afterwards.
 */
export const openExtraction = (
  tensors: Engine,
  model: Model,
  network: Known,
  size: Size
): Effect.Effect<Extract, Fault, Run | Scope.Scope> => {
  const { inference, workers } = tensors
  const onEngine: Effect.Effect<Extract, Fault, Scope.Scope> =
    workers === 1 ? here(tensors, model, network) : onWorkers(tensors, network)
  if (inference === undefined) return onEngine
  const inferred = ending(byInference(inference, network, size))
  return inference.named
    ? inferred
    : Effect.catch(inferred, (failed) => Effect.andThen(without(tensors, failed), onEngine))
}
