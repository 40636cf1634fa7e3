/** `embed` by a network in an ONNX file. */
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { peeked } from "../../../pipeline/peek.ts"
import { canonical } from "../../../pipeline/print.ts"
import { kept, type Self, type Step } from "../../../pipeline/step.ts"
import type { Batch, Embeddings, Origin } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"
import { normalisationOf } from "../../model/normalisation.ts"
import { networkFingerprint, openEncoder, scalingText } from "../../onnx/encode.ts"
import { OnnxError } from "../../onnx/onnx-error.ts"
import { type KnownNetwork, knownNetwork, type OnnxParams } from "../../onnx/params.ts"
import { Run } from "../../run.ts"
import type { EngineMemoryError } from "../../tensor/engine.ts"
import type { WorkerError } from "../../workers/pool.ts"
import { normaliseRows } from "../unit-length.ts"
import { embedGood } from "./checked-batches.ts"
import type { EmbedError } from "./extract.ts"

/** How the images were scaled: by the steps before, and by the network's own constants. */
const scaled = (network: KnownNetwork, before: ReadonlyArray<Step> | undefined, root: string): string =>
  [normalisationOf(before, root), scalingText(network)].filter((text) => text !== "").join("; ")

const originOf = Effect.fnUntraced(function* (
  network: KnownNetwork,
  { bands, height, width }: Batch,
  before: ReadonlyArray<Step> | undefined
) {
  const { root } = yield* Run
  const weights = yield* networkFingerprint(network)
  const origin: Origin = {
    ...{ weights, height, width },
    bands: network.facts.bands ?? bands,
    normalisation: scaled(network, before, root)
  }
  return origin
})

/** Embeddings with the failures of both kinds of network, which `embed` joins. */
type Embedded = Stream.Stream<Embeddings, DataError | EmbedError | EngineMemoryError | OnnxError | WorkerError, Run>

/**
 * Embeds batches one after another.
 *
 * @param policy what happens to patches whose pixels are not all numbers
 * @param unit whether each vector is divided by its length
 * @param self of `embed`; ranges share one session
 */
export const embedOnnx = (
  batches: Stream.Stream<Batch>,
  params: OnnxParams,
  policy: "fail" | "skip",
  self: Self,
  unit = true
) =>
  Effect.gen(function* () {
    const network = yield* attempt(DataError, OnnxError)(() => knownNetwork(params))
    const { first, all } = yield* peeked(batches)
    if (first === undefined) return Stream.empty as Embedded
    const key = canonical([first.bands, first.height, first.width])
    const encode = yield* kept(self, key, openEncoder(network, first))
    const origin = yield* originOf(network, first, self.before)
    const embedded = (batch: Batch) => {
      const { classes, labels, names, size } = batch
      return Effect.map(encode(batch), ({ dim, vectors }): Embeddings => {
        if (unit) normaliseRows(vectors, dim)
        return { kind: "embeddings", size, dim, names, vectors, labels, classes, weights: origin.weights, origin }
      })
    }
    const embeddings: Embedded = embedGood(policy, 1, embedded)(all)
    return embeddings
  })
