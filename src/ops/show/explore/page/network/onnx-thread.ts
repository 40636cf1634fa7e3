/**
 * A network in ONNX Runtime Web, in a worker thread. Bundled into a text, which follows the code of the runtime in the script of
 * the thread.
 */
import { type OnnxArray, plainArray } from "../../../../onnx/array.ts"
import { runtimeMessage } from "../../../../onnx/onnx-error.ts"
import { answering } from "../answering.ts"

/** A file with weights, by its name in the .onnx file. */
interface External {
  readonly path: string
  readonly data: Uint8Array
}

export type Question =
  | {
      readonly kind: "open"
      readonly wasm: Uint8Array
      readonly model: Uint8Array
      readonly external: ReadonlyArray<External>
    }
  | { readonly kind: "run"; readonly input: string; readonly given: OnnxArray; readonly output: string }

interface Session {
  readonly run: (
    feeds: Readonly<Record<string, unknown>>,
    fetches: ReadonlyArray<string>
  ) => Promise<Readonly<Record<string, OnnxArray>>>
}

/** The parts of ONNX Runtime Web that are used; its code puts it here. */
declare const ort: {
  readonly env: { logLevel: string; readonly wasm: { numThreads: number; wasmBinary: Uint8Array } }
  readonly Tensor: new (type: string, data: unknown, dims: ReadonlyArray<number>) => unknown
  readonly InferenceSession: { readonly create: (model: Uint8Array, options: object) => Promise<Session> }
}

let session: Session | undefined

answering(async (question: Question): Promise<unknown> => {
  try {
    if (question.kind === "open") {
      ort.env.logLevel = "error"
      // More threads need memory that threads share, which a page opened from disk does not get.
      ort.env.wasm.numThreads = 1
      ort.env.wasm.wasmBinary = question.wasm
      const options = { executionProviders: ["wasm"], externalData: question.external }
      session = await ort.InferenceSession.create(question.model, options)
      return
    }
    const { given, input, output } = question
    const found = await session?.run({ [input]: new ort.Tensor(given.type, given.data, given.dims) }, [output])
    return found === undefined ? undefined : plainArray(found[output])
  } catch (cause) {
    throw new Error(runtimeMessage(cause))
  }
})
