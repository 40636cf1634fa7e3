/** Encodes batches of images by a network in an ONNX file, in a worker thread. */
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { dirname, join } from "node:path"
import { Effect, type Scope } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import type { Batch } from "../elements.ts"
import { fileError } from "../formats/data-error.ts"
import { type WorkerError, workerPool } from "../workers/pool.ts"
import { Threads } from "../workers/threads.ts"
import type { Encoded } from "./encode-work.ts"
import { encoderOf } from "./encoder.ts"
import { checkBytes, type Images } from "./feed.ts"
import { OnnxError } from "./onnx-error.ts"
import type { KnownNetwork } from "./params.ts"
import { notInstalled, runtimeInstalled } from "./runtime.ts"

/** All files of a network: the .onnx file, and those that hold its weights. */
export const filesOf = ({ description: { external, file } }: KnownNetwork): ReadonlyArray<string> => [
  file,
  ...external.map((name) => join(dirname(file), name))
]

/**
 * Fingerprint of a network: 16 hexadecimal digits of the SHA-256 of its files and of how its output is pooled. Vectors of
 * networks with different fingerprints are not comparable.
 */
export const networkFingerprint = (network: KnownNetwork) =>
  Effect.tryPromise({
    try: async () => {
      const { output, pooling, prefix_tokens } = network.facts
      const hash = createHash("sha256").update(JSON.stringify([output, pooling ?? "none", prefix_tokens ?? 0]))
      for (const file of filesOf(network)) for await (const part of createReadStream(file)) hash.update(part as Buffer)
      return hash.digest("hex").slice(0, 16)
    },
    catch: fileError(network.description.file)
  })

/** Values that scale images for a network, as text; empty if they are taken as they are. */
export const scalingText = ({ facts: { mean, range, std } }: KnownNetwork): string =>
  [
    ...(range === undefined ? [] : [`range ${range.join(" to ")}`]),
    ...(mean === undefined ? [] : [`mean ${[mean].flat().join(", ")}`]),
    ...(std === undefined ? [] : [`std ${[std].flat().join(", ")}`])
  ].join("; ")

/** An error of the thread as the error that was thrown there. */
const thrownThere = (error: WorkerError): OnnxError | WorkerError =>
  error.thrown === "OnnxError" ? new OnnxError(error) : error

/**
 * Fits a network to the first batch and opens it until the scope ends.
 *
 * @returns a function from a batch to its vectors. Batches are encoded one after another, each on all threads. The images
 *   are moved to the thread and cannot be used afterwards.
 */
export const openEncoder = (
  network: KnownNetwork,
  first: Batch
): Effect.Effect<(batch: Batch) => Effect.Effect<Encoded, OnnxError | WorkerError>, OnnxError, Scope.Scope> =>
  Effect.gen(function* () {
    if (!runtimeInstalled()) return yield* notInstalled()
    const encoder = yield* attempt(OnnxError)(() => encoderOf(network, first))
    yield* attempt(OnnxError)(() => checkBytes(encoder.file, encoder.feed, network.facts.range, first.images))
    const threads = yield* Threads
    const module = new URL("./encode-work.ts", import.meta.url)
    const pool = yield* workerPool<Images, Encoded>({ module, size: 1, data: { encoder, threads } })
    return ({ height, images, size, width }) =>
      Effect.mapError(pool.run({ height, images, size, width }, [images.buffer as ArrayBuffer]), thrownThere)
  })
