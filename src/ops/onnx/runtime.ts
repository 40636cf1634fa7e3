/**
 * ONNX Runtime for Node: loads the optional package, opens sessions and runs them. Its `run` blocks the thread that calls it,
 * so it is called in worker threads (see `encode-work.ts`); this file imports no Effect.
 */
import { createRequire } from "node:module"
import { few, messageOf } from "../../pipeline/words.ts"
import { type OnnxArray, plainArray } from "./array.ts"
import { OnnxError, runtimeMessage } from "./onnx-error.ts"

/** Execution providers by ONNX Runtime's names; only `cpu` comes with the package on every platform. */
export const PROVIDERS = ["cpu", "cuda", "tensorrt", "webgpu", "dml", "coreml"] as const
export type Provider = (typeof PROVIDERS)[number]

/** How a session runs. */
export interface SessionOptions {
  readonly provider: Provider
  /** Threads of one operation. */
  readonly threads: number
}

/** The parts of `onnxruntime-node` that are used. Its own types are absent where the package is. */
interface Runtime {
  readonly Tensor: new (type: string, data: unknown, dims: ReadonlyArray<number>) => unknown
  readonly InferenceSession: {
    readonly create: (file: string | Uint8Array, options: object) => Promise<RuntimeSession>
  }
  readonly listSupportedBackends: () => ReadonlyArray<{ readonly name: string }>
}
interface RuntimeSession {
  readonly run: (
    feeds: Readonly<Record<string, unknown>>,
    fetches: ReadonlyArray<string>
  ) => Promise<Readonly<Record<string, OnnxArray>>>
  readonly release: () => Promise<void>
}

const PACKAGE = "onnxruntime-node"
/** The command that installs the package. */
export const INSTALL = `npm install --no-save ${PACKAGE}@1.30.0`

/** Whether the package is installed; it is not loaded. */
export const runtimeInstalled = (): boolean => {
  try {
    createRequire(import.meta.url).resolve(PACKAGE)
    return true
  } catch {
    return false
  }
}

/** Name and version of the installed package. @throws OnnxError if it is not installed */
export const runtimeVersion = (): string => {
  try {
    const { version } = createRequire(import.meta.url)(`${PACKAGE}/package.json`) as { readonly version: string }
    return `ONNX Runtime ${version}`
  } catch (cause) {
    throw notInstalled(cause)
  }
}

/** The error for a machine without the package. */
export const notInstalled = (cause?: unknown): OnnxError =>
  new OnnxError({
    subject: PACKAGE,
    problem: "is not installed; it runs ONNX networks and is optional, because it takes 290 MB on disk",
    remedy: `Run \`${INSTALL}\``,
    cause
  })

const load = async (): Promise<Runtime> => {
  if (!runtimeInstalled()) throw notInstalled()
  try {
    const module: { readonly default?: Runtime } & Runtime = await import(PACKAGE)
    return module.default ?? module
  } catch (cause) {
    throw new OnnxError({
      subject: PACKAGE,
      problem: `cannot be loaded (${messageOf(cause)})`,
      remedy: `Run \`${INSTALL}\` on this machine; it has libraries for Linux, Windows and macOS on arm64`,
      cause
    })
  }
}

/** An opened network. */
export interface OnnxSession {
  /**
   * Runs the network once; blocks the thread.
   *
   * @param feeds arrays by the names of the inputs
   * @param outputs names of the outputs that are wanted
   * @returns rejects with OnnxError if the network refuses the arrays
   */
  readonly run: (
    feeds: Readonly<Record<string, OnnxArray>>,
    outputs: ReadonlyArray<string>
  ) => Promise<Readonly<Record<string, OnnxArray>>>
  /** Frees the network. */
  readonly release: () => Promise<void>
}

/**
 * Opens a network.
 *
 * @param model path or content of an ONNX file
 * @returns rejects with OnnxError if ONNX Runtime is not installed, lacks the provider, or cannot load the file
 */
export const openSession = async (
  model: string | Uint8Array,
  { provider, threads }: SessionOptions
): Promise<OnnxSession> => {
  const file = typeof model === "string" ? model : "the network"
  const ort = await load()
  const known = ort.listSupportedBackends().map(({ name }) => name)
  if (!known.includes(provider)) {
    throw new OnnxError({
      subject: `provider ${provider}`,
      problem: `is not part of ONNX Runtime on this platform, which has ${few(known, 9)}`,
      remedy: "Set `provider: cpu`"
    })
  }
  const session = await ort.InferenceSession.create(model, {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3
  }).catch((cause: unknown) => {
    throw new OnnxError({
      subject: file,
      problem: `ONNX Runtime cannot load it with the provider ${provider} (${runtimeMessage(cause)})`,
      remedy:
        provider === "cpu"
          ? "Check it with `onnx.checker.check_model` in Python, or export it again"
          : `Set \`provider: cpu\`, or install the libraries of ${provider}`,
      cause
    })
  })
  return {
    release: () => session.release(),
    run: async (feeds, outputs) => {
      try {
        const tensors = Object.entries(feeds).map(([name, { data, dims, type }]) => [
          name,
          new ort.Tensor(type, data, dims)
        ])
        const found = await session.run(Object.fromEntries(tensors), outputs)
        return Object.fromEntries(outputs.map((name) => [name, plainArray(found[name])]))
      } catch (cause) {
        throw new OnnxError({
          subject: file,
          problem: `ONNX Runtime cannot run it (${runtimeMessage(cause)})`,
          remedy: "Check the size and the number of the images, or use smaller batches",
          cause
        })
      }
    }
  }
}
