/** Compressions that one step fits and another step applies: where their files lie, and which embeddings match them. */
import { readFileSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { Effect } from "effect"
import { attempt } from "../../pipeline/attempt.ts"
import { digest } from "../../pipeline/digest.ts"
import type { Embeddings } from "../elements.ts"
import { Run } from "../run.ts"
import { RetrieveError } from "./retrieve-error.ts"

/** Length of embeddings, and fingerprint of the weights that made them. */
export interface Made {
  readonly dim: number
  readonly weights?: string | undefined
}

/**
 * Checks embeddings on which a compression is fitted.
 *
 * @param before the embeddings that arrived before them, if there are any
 * @throws RetrieveError if they do not match those, or if a value is not finite
 */
export const checkFitting = ({ dim, names, vectors, weights }: Embeddings, before: Made | undefined): void => {
  const refuse = (subject: string, problem: string, remedy: string) => new RetrieveError({ subject, problem, remedy })
  const remedy = "Embed all patches with one model"
  if (before !== undefined && before.dim !== dim) {
    const problem = `its embedding has ${dim} dimensions, but the embeddings before it have ${before.dim}`
    throw refuse(names[0], problem, remedy)
  }
  if (before !== undefined && before.weights !== weights) {
    throw refuse(names[0], "its embedding was made with other weights than the embeddings before it", remedy)
  }
  const bad = names.find((_, i) => !vectors.subarray(i * dim, (i + 1) * dim).every(Number.isFinite))
  if (bad !== undefined) {
    throw refuse(bad, "the embedding is not finite", "Check the weights and the pixels of this patch")
  }
}

/**
 * Checks embeddings that a compression is applied to.
 *
 * @param path of the compression's file
 * @param by the step that wrote it
 * @param on the embeddings that it was fitted on; `weights` is null if their weights are unknown
 * @throws RetrieveError if it was fitted on embeddings of another kind
 */
export const checkFitted = (
  path: string,
  by: "fit-pca" | "fit-pq",
  on: { readonly dim: number; readonly weights: string | null },
  { dim, weights }: Made
): void => {
  const fail = (problem: string) => {
    throw new RetrieveError({ subject: path, problem, remedy: `Fit it on embeddings of this network, with \`${by}\`` })
  }
  if (dim !== on.dim) fail(`was fitted on embeddings of ${on.dim} dimensions, but these have ${dim}`)
  if (on.weights !== null && weights !== undefined && on.weights !== weights) {
    fail(`was fitted on embeddings of other weights (${on.weights}) than these embeddings (${weights})`)
  }
}

/** Whether `from` is a bare name, which means a file in the run folder. */
const isOfRun = (from: string): boolean => basename(from) === from

/** The content of a file, with its path and the digest of its bytes. */
export type Opened<Content> = Content & { readonly path: string; readonly digest: string }

/** Opens the file that `from` names. @param read returns its content, or throws a RetrieveError */
export const openFitted = Effect.fnUntraced(function* <Content>(from: string, read: (path: string) => Content) {
  const path = isOfRun(from) ? join((yield* Run).folder, from) : resolve(from)
  return yield* attempt(RetrieveError)(
    (): Opened<Content> => ({ ...read(path), path, digest: digest(readFileSync(path)) })
  )
})

/** Files outside the run folder that a step reads if it is given `from`. */
export const fittedReads = (from: string): ReadonlyArray<string> => (isOfRun(from) ? [] : [resolve(from)])
