/** The network for files that are dropped on the page, as the part `network` of the data. */
import { Effect } from "effect"
import type { Pipeline } from "../../../pipeline/pipeline.ts"
import type { Embeddings } from "../../elements.ts"
import { Run } from "../../run.ts"
import type { TensorEngine } from "../../tensor/engine.ts"
import type { ShowError } from "../show-error.ts"
import type { Collected } from "./collected.ts"
import { writePart } from "./folder.ts"
import type { NetworkPart } from "./kit/network.ts"
import { onnxRuntime, writeOnnx } from "./onnx-files.ts"
import type { ShownBands } from "./shown-bands.ts"
import { uploadOf } from "./upload.ts"

export type Embedding = Pipeline<Embeddings, unknown, Run | TensorEngine>

/** The network for uploads; undefined if there is none, or if it cannot be used and that does not matter. */
export const uploadable = Effect.fnUntraced(function* (
  all: Collected,
  pipeline: Embedding | undefined,
  absent: "fail" | "skip",
  shown: ShownBands
) {
  if (pipeline === undefined) return undefined
  const { say } = yield* Run
  const making = Effect.gen(function* () {
    const upload = yield* uploadOf(pipeline.steps, all, shown)
    const { network, steps } = upload
    if ("model" in network) return { by: "own", steps, network } as const
    const runtime = yield* Effect.tryPromise({ try: onnxRuntime, catch: (cause) => cause as ShowError })
    return { by: "onnx", steps, network, runtime } as const
  })
  const skipping = Effect.catch(making, ({ message }) =>
    Effect.as(say(`explore: the page cannot be searched by files: ${message}`), undefined)
  )
  return yield* absent === "skip" ? skipping : making
})

type Uploadable = Effect.Success<ReturnType<typeof uploadable>>

/** Writes the network for uploads; returns who computes it. */
export const writeNetwork = Effect.fnUntraced(function* (folder: string, upload: Uploadable) {
  if (upload === undefined) return undefined
  const { steps } = upload
  const network = upload.by === "onnx" ? yield* writeOnnx(folder, upload.network, upload.runtime) : upload.network
  yield* writePart(folder, "network", { ...steps, network } satisfies NetworkPart)
  return upload.by
})
