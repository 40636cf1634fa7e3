import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { Effect, Stream } from "effect"
import { operator } from "../../../pipeline/operator.ts"
import { Name, optional, param } from "../../../pipeline/param.ts"
import { Embeddings } from "../../elements.ts"
import { FileStem } from "../../filename.ts"
import { Run } from "../../run.ts"
import { RetrieveError, unwritable } from "../retrieve-error.ts"
import { EmbeddingsFile } from "./embeddings-file.ts"
import { originPath, readOrigin } from "./origin.ts"

/** Runs code that writes to `path`; an error of the file system becomes one that names the file. */
const writing = <A>(path: string, run: () => A): Effect.Effect<A, RetrieveError> =>
  Effect.try({
    try: run,
    catch: (cause) => (cause instanceof RetrieveError ? cause : unwritable(path, cause))
  })

/**
 * Refuses to replace embeddings of another experiment, and reports the replacement of embeddings of an unknown one.
 *
 * @param path without extension
 */
const checkOwner = Effect.fnUntraced(function* (path: string, experiment: string) {
  const npy = `${path}.npy`
  if (!existsSync(npy)) return
  const owner = readOrigin(originPath(npy))?.experiment
  if (owner === experiment) return
  if (owner === undefined) return yield* (yield* Run).say(`save: replaces ${npy}`)
  return yield* new RetrieveError({
    subject: npy,
    problem: `contains the embeddings of another experiment (${owner})`,
    remedy: "Set `to` or `folder` of `save` to another name"
  })
})

/**
 * Writes the embeddings that pass to `NAME.npy` and `NAME.csv` in the run folder or another folder, predicted labels to
 * `NAME.predicted.csv`, and their origin to `NAME.json` (see `EmbeddingsFile`). The files appear after the last batch. If the
 * stream fails or is not read to its end, they do not appear.
 */
export const save = operator({
  name: "save",
  about:
    "Writes embeddings as NAME.npy (float32 [n, d]) and NAME.csv (names and labels), predicted labels as NAME.predicted.csv, their origin as NAME.json, and passes them on.",
  from: Embeddings,
  to: Embeddings,
  params: {
    to: param(FileStem, "Name of the files, without extension.", "embeddings"),
    folder: optional(
      Name,
      "Folder for the files, instead of the run folder; relative to the current working directory."
    )
  },
  declares: {
    writes: ({ folder, to }) =>
      [".npy", ".csv", ".predicted.csv", ".json"].map((end) => (folder === undefined ? to : resolve(folder, to)) + end)
  },
  run:
    ({ folder, to }) =>
    (embeddings) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const run = yield* Run
          const path = join(folder === undefined ? run.folder : resolve(folder), to)
          if (folder !== undefined) yield* checkOwner(path, run.experiment)
          const file = yield* Effect.acquireRelease(
            writing(path, () => new EmbeddingsFile(path, run.experiment)),
            (file) => Effect.sync(() => file.abandon())
          )
          const finish = writing(path, () => file.finish()).pipe(
            Effect.andThen(Effect.suspend(() => Effect.forEach(file.paths, run.wrote, { discard: true })))
          )
          return embeddings.pipe(
            Stream.tap((batch) => writing(path, () => file.append(batch))),
            Stream.concat(Stream.drain(Stream.fromEffect(finish)))
          )
        })
      )
})
