/** Which engine runs: by the `device` that the user names, and what is set up here. */
import { resolve } from "node:path"
import { Effect } from "effect"
import { messageOf } from "../../pipeline/words.ts"
import { EngineError } from "./engine-error.ts"
import { openNative } from "./native/open.ts"
import { type Precision, processSettings } from "./native/process.ts"
import { openTfjs } from "./open.ts"
import type { Engine } from "./operations.ts"
import { type Found, findNative, SETUP_COMMAND } from "./setup/load.ts"

/** An engine by name; `gpu` is TensorFlow on a GPU, `auto` the fastest that loads. */
export type DeviceName = "auto" | "gpu" | "tensorflow" | "wasm" | "cpu"

/** A list of CUDA ids, as in files of the original, takes the first GPU of it if there is one, else what `auto` takes. */
export type Device = DeviceName | ReadonlyArray<number>

export interface EngineOptions {
  /** Of one operation of TensorFlow, all processors unless said; on WebAssembly, threads that extract, one unless said. */
  readonly threads?: number | undefined
  /** `bf16` lets TensorFlow multiply in bfloat16 where the processor has it. */
  readonly precision?: Precision | undefined
  /** Bytes that tensors may take in WebAssembly; what it can address unless said. */
  readonly memory?: number | undefined
  /** The folder that holds `.tensorflow`; the project's own unless said. */
  readonly project?: string | undefined
}

const PROJECT = resolve(import.meta.dirname, "../../..")
const GPU_SETUP = `${SETUP_COMMAND} -- --gpu`

const text = (cause: unknown): string => messageOf(cause).replace(/\.$/, "")

const loadError = (device: "wasm" | "cpu") => (cause: unknown) =>
  new EngineError({
    subject: `device ${device}`,
    problem: `the engine does not load (${text(cause)})`,
    remedy:
      device === "wasm"
        ? "Say `device: cpu`, or install the packages anew with `npm ci`"
        : "Install the packages anew with `npm ci`",
    cause
  })

const openJs = (device: "wasm" | "cpu", why: string, options: EngineOptions): Effect.Effect<Engine, EngineError> => {
  const { memory, precision, threads = 1 } = options
  const unmet = precision === "bf16" ? "; bf16 is for TensorFlow" : ""
  const wasm = device === "wasm"
  const what = wasm ? "WebAssembly, 1 thread" : "plain JavaScript, 1 thread"
  const more = threads === 1 ? "" : wasm ? `, ${threads} where embeddings are extracted` : " whatever `threads` says"
  const line = `${what}${more}; ${why}${unmet}`
  return Effect.tryPromise({
    try: () => openTfjs(device, line, memory, wasm ? threads : 1),
    catch: loadError(device)
  })
}

const openFastestJs = (why: string, options: EngineOptions): Effect.Effect<Engine, EngineError> =>
  Effect.catch(openJs("wasm", why, options), (failed) =>
    openJs("cpu", `WebAssembly failed: ${failed.problem}`, options)
  )

const whyNative =
  (precision: Precision) =>
  ({ version, gpu, threads }: { version: string; gpu: boolean; threads: number }): string => {
    const rounded = precision === "bf16"
    const bf16 = rounded ? ", bf16 where the processor has it" : ""
    return gpu
      ? `TensorFlow ${version} on a GPU${rounded ? "; bf16 is for processors" : ""}`
      : `TensorFlow ${version}, ${threads} ${threads === 1 ? "thread" : "threads"}${bf16}; for an NVIDIA GPU: \`${GPU_SETUP}\``
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
      return openNative(found.packageFolder, precision, whyNative(precision))
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
  if (!found.found) return fail(found.why, `Run \`${GPU_SETUP}\`, or say \`device: auto\``)
  if (!found.gpu) return fail("TensorFlow is set up without CUDA", `Run \`${GPU_SETUP}\`, or say \`device: auto\``)
  return Effect.flatMap(openTensorFlow(found, "device gpu", options, cuda), (engine) =>
    engine.gpu
      ? Effect.succeed(engine)
      : fail("no GPU answers to TensorFlow", "Check that `nvidia-smi` lists one, or say `device: tensorflow`")
  )
}

const openAuto = (found: Found, options: EngineOptions): Effect.Effect<Engine, EngineError> => {
  if (!found.found) {
    const { why, remedy } = found
    return openFastestJs(`${why}: ${remedy.charAt(0).toLowerCase()}${remedy.slice(1)}`, options)
  }
  return Effect.catch(openTensorFlow(found, "device auto", options), (failed) =>
    openFastestJs(`TensorFlow failed: ${failed.problem}`, options)
  )
}

const openListed = (found: Found, ids: ReadonlyArray<number>, options: EngineOptions) => {
  const [first, ...rest] = ids
  const ignored = rest.length > 0 ? `; of GPUs ${ids.join(", ")} the first alone` : ""
  const said = (line: string) => (engine: Engine) => ({ ...engine, why: engine.why + line })
  return Effect.catch(Effect.map(openGpu(found, options, first), said(ignored)), (failed) =>
    Effect.map(openAuto(found, options), said(`; GPU ${first} was asked for, but ${failed.problem}`))
  )
}

/**
 * Starts an engine. One that is named never falls back to another; `auto` and a list of GPUs do, and say so in `why`.
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
          problem: "computes in float32 only, but `precision: bf16` is asked for",
          remedy: "Leave `precision` away, or say `device: tensorflow`"
        })
      )
    }
    return openJs(device, device === "wasm" ? "inside the npm package, needs nothing else" : "slow, for tests", options)
  })
