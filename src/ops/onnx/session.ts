/** A network in an ONNX file as an Effect resource: it runs in a worker thread, so that streams continue meanwhile. */
import { Effect, type Scope } from "effect"
import { type WorkerError, workerPool } from "../workers/pool.ts"
import { Threads } from "../workers/threads.ts"
import { OnnxError } from "./onnx-error.ts"
import type { OnnxArray, Provider } from "./runtime.ts"
import type { SessionResult, SessionTask } from "./session-work.ts"

/** An opened network. */
export interface OnnxNetwork {
  /**
   * Runs the network once, after runs that were asked for before.
   *
   * @param feeds arrays by the names of the inputs; their buffers are moved to the thread and cannot be used afterwards
   * @param outputs names of the outputs that are wanted
   */
  readonly run: (
    feeds: Readonly<Record<string, OnnxArray>>,
    outputs: ReadonlyArray<string>
  ) => Effect.Effect<SessionResult, OnnxError | WorkerError>
}

/** An error of the thread as the error that was thrown there. */
export const thrownThere = (error: WorkerError): OnnxError | WorkerError =>
  error.thrown === "OnnxError" ? new OnnxError(error) : error

/**
 * Opens a network until the scope ends. ONNX Runtime uses the run's number of threads for each operation.
 *
 * The first run fails with an `OnnxError` if `onnxruntime-node` is not installed or cannot load the file.
 *
 * @param file path of the .onnx file
 */
export const openOnnx = (file: string, provider: Provider = "cpu"): Effect.Effect<OnnxNetwork, never, Scope.Scope> =>
  Effect.gen(function* () {
    const threads = yield* Threads
    const module = new URL("./session-work.ts", import.meta.url)
    const pool = yield* workerPool<SessionTask, SessionResult>({ module, size: 1, data: { file, provider, threads } })
    return {
      run: (feeds, outputs) =>
        pool
          .run(
            { feeds, outputs },
            Object.values(feeds).map(({ data }) => data.buffer as ArrayBuffer)
          )
          .pipe(Effect.mapError(thrownThere))
    }
  })
