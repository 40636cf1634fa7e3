import { join } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { passing } from "../../../pipeline/operator.ts"
import { param } from "../../../pipeline/param.ts"
import { few, repeated } from "../../../pipeline/words.ts"
import type { Batch, Embeddings, Patch } from "../../elements.ts"
import { FileName } from "../../filename.ts"
import { MeasureError } from "../../measure/measure-error.ts"
import { type Truth, truthOf } from "../../measure/truth.ts"
import { Run } from "../../run.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { writeTruth } from "./file.ts"

/** Elements with label vectors. */
type Labelled = Patch | Batch | Embeddings

const isLabelled = (element: unknown): element is Labelled =>
  typeof element === "object" && element !== null && "labels" in element && element.labels instanceof Uint8Array

/** Names and labels of the elements that have passed. */
class Collected {
  readonly names: Array<string> = []
  private readonly parts: Array<Uint8Array> = []
  private classes: ReadonlyArray<string> | undefined

  /** @throws RetrieveError if the element has no labels, or uses other classes than the elements before it */
  add(element: unknown): void {
    if (!isLabelled(element)) {
      throw new RetrieveError({
        subject: "ground-truth",
        problem: "the elements that arrive have no label vectors",
        remedy: "Place it after a step that gives patches, batches or embeddings"
      })
    }
    this.classes ??= element.classes
    if (this.classes.join("\0") !== element.classes.join("\0")) {
      throw new RetrieveError({
        subject: "ground-truth",
        problem: "labels use other classes than the labels before them",
        remedy: "Read all patches in one nomenclature"
      })
    }
    if (element.kind === "patch") this.names.push(element.name)
    else for (const name of element.names) this.names.push(name)
    this.parts.push(element.labels)
  }

  truth(): Truth {
    if (this.classes === undefined) {
      throw new RetrieveError({
        subject: "ground-truth",
        problem: "no patches arrived",
        remedy: "Read a split that holds patches"
      })
    }
    const twice = repeated(this.names)
    if (twice.length > 0) {
      throw new RetrieveError({
        subject: "ground-truth",
        problem: `images are identified by name, but several are called ${few(twice)}`,
        remedy: "Read the split once, and give every patch a unique name"
      })
    }
    return truthOf(this.names, this.classes, Uint8Array.from(Buffer.concat(this.parts)))
  }
}

/**
 * Collects names and labels of the patches, batches or embeddings that pass and, at the end, writes which images are
 * relevant to which as a table over pairs of distinct label sets: `NAME.lmdb` in the run folder, see `file.ts`.
 */
export const groundTruth = passing({
  name: "ground-truth",
  about: "Writes which images are relevant to which as NAME.lmdb: a table over distinct label sets, with names.",
  params: { to: param(FileName, "Name of the store in the run folder.", "ground-truth") },
  declares: { writes: ({ to }) => [`${to}.lmdb/data.mdb`] },
  run:
    ({ to }) =>
    (elements) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const { folder, say, wrote } = yield* Run
          const path = join(folder, `${to}.lmdb`)
          const collected = new Collected()
          const finish = Effect.gen(function* () {
            const truth = yield* attempt(RetrieveError, MeasureError)(() => collected.truth())
            yield* writeTruth(path, truth)
            yield* wrote(join(path, "data.mdb"))
            yield* say(`ground truth: ${truth.names.length} images, ${truth.sets.count} label sets`)
          })
          return elements.pipe(
            Stream.tap((element) => attempt(RetrieveError, MeasureError)(() => collected.add(element))),
            Stream.concat(Stream.drain(Stream.fromEffect(finish)))
          )
        })
      )
})
