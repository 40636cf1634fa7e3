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

/** Runs a step of writing; a fault of the file system becomes an error that names the file. */
const writing = <A>(path: string, run: () => A): Effect.Effect<A, RetrieveError> =>
  Effect.try({
    try: run,
    catch: (cause) => (cause instanceof RetrieveError ? cause : unwritable(path, cause))
  })

/**
 * Embeddings of another experiment are not replaced, those of an unknown one not without a word.
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
    problem: `holds the embeddings of another experiment (${owner})`,
    remedy: "Set `to` or `folder` of `save` to another name, or delete these files"
  })
})

/**
 * Writes the embeddings that pass to `NAME.npy` and `NAME.csv` in the run folder or another, predicted labels to
 * `NAME.predicted.csv`, and how they were made to `NAME.json` (see `EmbeddingsFile`). The files appear when the last batch
 * has passed; if the stream fails, or is not read to its end, they do not.
 */
export const save = operator({
  name: "save",
  about:
    "Writes embeddings as NAME.npy (float32 [n, d]) and NAME.csv (names and labels), predicted labels as NAME.predicted.csv, how they were made as NAME.json, and hands them on.",
  from: Embeddings,
  to: Embeddings,
  params: {
    to: param(FileStem, "Name of the files, without extension.", "embeddings"),
    folder: optional(Name, "Folder for them in place of the run folder; relative to where the command is called.")
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
