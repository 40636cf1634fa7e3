/** Chooses the engine: by the `device` that the user names, and by what is set up on this machine. */
import { availableParallelism } from "node:os"
import { resolve } from "node:path"
import { Effect } from "effect"
import { messageOf } from "../../pipeline/words.ts"
import { runtimeInstalled, runtimeVersion } from "../onnx/runtime.ts"
import { MOST_THREADS } from "../workers/threads.ts"
import { EngineError } from "./engine-error.ts"
import { openNative, type Started } from "./native/open.ts"
import { type Precision, processSettings } from "./native/process.ts"
import { openTfjs } from "./open.ts"
import type { Engine, Inference } from "./operations.ts"
import { type Found, findNative, SETUP_COMMAND } from "./setup/load.ts"

/**
 * Name of an engine: `gpu` is TensorFlow on a GPU, `onnx` ONNX Runtime for embeddings with WebAssembly for the rest, `auto` the
 * fastest engine that loads.
 */
export type DeviceName = "auto" | "gpu" | "tensorflow" | "wasm" | "onnx" | "cpu"

/**
 * An engine by name, or a list of CUDA ids, as in files of the original: the first GPU of the list if it can be used, else
 * the engine that `auto` chooses.
 */
export type Device = DeviceName | ReadonlyArray<number>

/** Settings of an engine. */
export interface EngineOptions {
  /**
   * Threads of one operation on TensorFlow and ONNX Runtime, by default all processors; on WebAssembly, threads that
   * batches of extraction are distributed to, by default 1, and threads of large convolutions, by default all processors.
   */
  readonly threads?: number | undefined
  /** `bf16` lets TensorFlow multiply in bfloat16 if the processor supports it. */
  readonly precision?: Precision | undefined
  /** Whether TensorFlow runs networks as graphs; by default it does. */
  readonly graph?: boolean | undefined
  /** Whether `auto` may use ONNX Runtime where TensorFlow is not set up; by default it may. */
  readonly inference?: boolean | undefined
  /** Bytes that tensors may occupy in WebAssembly; by default all that it can address. */
  readonly memory?: number | undefined
  /** The folder that holds `.tensorflow`; by default the project's root. */
  readonly project?: string | undefined
}

const PROJECT = resolve(import.meta.dirname, "../../..")
const GPU_SETUP = `${SETUP_COMMAND} -- --gpu`

const text = (cause: unknown): string => messageOf(cause).replace(/\.$/, "")

const loadError = (device: "wasm" | "cpu") => (cause: unknown) =>
  cause instanceof EngineError
    ? cause
    : new EngineError({
        subject: `device ${device}`,
        problem: `the engine does not load (${text(cause)})`,
        remedy:
          device === "wasm"
            ? "Set `device: cpu`, or reinstall the packages with `npm ci`"
            : "Reinstall the packages with `npm ci`",
        cause
      })

/** What runs on WebAssembly, for the line that the user sees. @param workers threads that extract embeddings */
const onWasm = ({ threads = availableParallelism() }: EngineOptions, workers: number): string => {
  const shared = Math.min(threads, MOST_THREADS)
  const convolutions = shared === 1 ? "1 thread" : `${shared} threads for convolutions`
  return `WebAssembly, ${convolutions}${workers === 1 ? "" : `, ${workers} for extracting embeddings`}`
}

const openJs = (
  device: "wasm" | "cpu",
  why: string,
  options: EngineOptions,
  workers = options.threads ?? 1
): Effect.Effect<Engine, EngineError> => {
  const unmet = options.precision === "bf16" ? "; only TensorFlow computes in bf16" : ""
  const wasm = device === "wasm"
  const plain = `plain JavaScript, 1 thread${workers === 1 ? "" : ", since `threads` has no effect"}`
  const line = `${wasm ? onWasm(options, workers) : plain}; ${why}${unmet}`
  return Effect.tryPromise({
    try: () => openTfjs(device, line, options.memory, wasm ? workers : 1),
    catch: loadError(device)
  })
}

const openFastestJs = (why: string, options: EngineOptions, workers?: number): Effect.Effect<Engine, EngineError> =>
  Effect.catch(openJs("wasm", why, options, workers), (failed) =>
    openJs("cpu", `WebAssembly failed: ${failed.problem}`, options, workers)
  )

/** ONNX Runtime as far as it is installed; it is loaded with the first network. */
const inferenceOf = ({ threads = availableParallelism() }: EngineOptions, named: boolean): Inference => ({
  library: runtimeVersion(),
  threads,
  named
})

/** An engine whose embeddings ONNX Runtime computes. */
const withInference = (engine: Engine, inference: Inference): Engine => {
  const { library, threads } = inference
  const why = `${library}, ${threads} ${threads === 1 ? "thread" : "threads"}, for embeddings; for the rest ${engine.why}`
  return { ...engine, inference, why }
}

const openOnnx = (options: EngineOptions): Effect.Effect<Engine, EngineError> =>
  Effect.gen(function* () {
    const inference = yield* Effect.try({
      try: () => inferenceOf(options, true),
      catch: (cause) => {
        const { problem = text(cause), remedy = "" } = cause as Partial<EngineError>
        return new EngineError({ subject: "device onnx", problem: `onnxruntime-node ${problem}`, remedy, cause })
      }
    })
    const engine = yield* openJs("wasm", "no training", { ...options, threads: 1 })
    return { ...withInference(engine, inference), name: "onnx" }
  })

const whyNative =
  (precision: Precision) =>
  ({ graph, gpu, threads, version }: Started): string => {
    const rounded = precision === "bf16"
    const bf16 = rounded ? ", bf16 if the processor supports it" : ""
    const old = graph === "old binding" ? `; to run networks as graphs: \`${SETUP_COMMAND}\` again` : ""
    const graphs = graph === "yes" ? "; networks as graphs" : ""
    return gpu
      ? `TensorFlow ${version} on a GPU${graphs}${rounded ? "; bf16 has no effect there" : ""}${old}`
      : `TensorFlow ${version}, ${threads} ${threads === 1 ? "thread" : "threads"}${bf16}${graphs}${old}; for an NVIDIA GPU: \`${GPU_SETUP}\``
  }

const openTensorFlow = (
  found: Found,
  subject: string,
  options: EngineOptions,
  cuda?: number
): Effect.Effect<Engine, EngineError> =>
  Effect.try({
    try: () => {
      if (!found.found) throw new EngineError({ subject, problem: found.why, remedy: found.remedy })
      const { precision } = processSettings(subject, { ...options, cuda })
      return openNative(found.packageFolder, { precision, graph: options.graph ?? true }, whyNative(precision))
    },
    catch: (cause) => {
      if (cause instanceof EngineError) return cause
      const { problem = text(cause), remedy = `Run \`${SETUP_COMMAND}\` again` } = cause as Partial<EngineError>
      return new EngineError({ subject, problem, remedy, cause })
    }
  })

const openGpu = (found: Found, options: EngineOptions, cuda?: number): Effect.Effect<Engine, EngineError> => {
  const fail = (problem: string, remedy: string) =>
    Effect.fail(new EngineError({ subject: "device gpu", problem, remedy }))
  if (!found.found) return fail(found.why, `Run \`${GPU_SETUP}\`, or set \`device: auto\``)
  if (!found.gpu) return fail("TensorFlow is set up without CUDA", `Run \`${GPU_SETUP}\`, or set \`device: auto\``)
  return Effect.flatMap(openTensorFlow(found, "device gpu", options, cuda), (engine) =>
    engine.gpu
      ? Effect.succeed(engine)
      : fail("TensorFlow finds no GPU", "Check that `nvidia-smi` lists one, or set `device: tensorflow`")
  )
}

/** The fastest engine without TensorFlow. WebAssembly has no threads for embeddings if ONNX Runtime computes them. */
const openWithout = (why: string, options: EngineOptions): Effect.Effect<Engine, EngineError> => {
  if (options.inference === false || !runtimeInstalled()) return openFastestJs(why, options)
  const inference = inferenceOf(options, false)
  return Effect.map(openFastestJs(why, options, 1), (engine) => withInference(engine, inference))
}

const openAuto = (found: Found, options: EngineOptions): Effect.Effect<Engine, EngineError> => {
  if (!found.found) {
    const { why, remedy } = found
    return openWithout(`${why}: ${remedy.charAt(0).toLowerCase()}${remedy.slice(1)}`, options)
  }
  return Effect.catch(openTensorFlow(found, "device auto", options), (failed) =>
    openWithout(`TensorFlow failed: ${failed.problem}`, options)
  )
}

const openListed = (found: Found, ids: ReadonlyArray<number>, options: EngineOptions) => {
  const [first, ...rest] = ids
  const ignored = rest.length > 0 ? `; only the first of the GPUs ${ids.join(", ")} is used` : ""
  const said = (line: string) => (engine: Engine) => ({ ...engine, why: engine.why + line })
  return Effect.catch(Effect.map(openGpu(found, options, first), said(ignored)), (failed) =>
    Effect.map(openAuto(found, options), said(`; not GPU ${first}, because ${failed.problem}`))
  )
}

/**
 * Starts an engine. An engine that is named never falls back to another one; `auto` and a list of GPUs do, and say so in
 * `why`.
 *
 * @error EngineError if the engine cannot be used, or not with these settings
 */
export const openEngine = (device: Device, options: EngineOptions = {}): Effect.Effect<Engine, EngineError> =>
  Effect.suspend(() => {
    const found = findNative(options.project ?? PROJECT)
    if (typeof device !== "string") return openListed(found, device, options)
    if (device === "auto") return openAuto(found, options)
    if (device === "gpu") return openGpu(found, options)
    if (device === "tensorflow") return openTensorFlow(found, "device tensorflow", options)
    if (options.precision === "bf16") {
      return Effect.fail(
        new EngineError({
          subject: `device ${device}`,
          problem: "computes in float32 only, but `precision: bf16` is set",
          remedy: "Omit `precision`, or set `device: tensorflow`"
        })
      )
    }
    if (device === "onnx") return openOnnx(options)
    return openJs(device, device === "wasm" ? "part of the npm package, needs no set-up" : "slow, for tests", options)
  })
