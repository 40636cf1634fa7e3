import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { Effect, Stream } from "effect"
import { operator } from "../../../pipeline/operator.ts"
import { choice, Name, optional, param } from "../../../pipeline/param.ts"
import { Embeddings } from "../../elements.ts"
import { FileStem } from "../../filename.ts"
import { Run } from "../../run.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { writing } from "../writing.ts"
import { EmbeddingsFile, endingsOf, FORM_NAMES, type FormName, loadForm } from "./embeddings-file.ts"
import { originPath, readOrigin } from "./origin.ts"

/** The file of the embeddings. */
const fileOf = (path: string, form: FormName): string => `${path}.${form}`

/**
 * Refuses to replace embeddings of another experiment, and reports the replacement of embeddings of an unknown one.
 *
 * @param path without extension
 */
const checkOwner = Effect.fnUntraced(function* (path: string, form: FormName, experiment: string) {
  const file = fileOf(path, form)
  if (!existsSync(file)) return
  const owner = readOrigin(originPath(file))?.experiment
  if (owner === experiment) return
  if (owner === undefined) return yield* (yield* Run).say(`save: replaces ${file}`)
  return yield* new RetrieveError({
    subject: file,
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
    "Writes embeddings as NAME.npy (float32 [n, d]) and NAME.csv (names and labels), or as .npz, .safetensors or .parquet; predicted labels as NAME.predicted.csv, their origin as NAME.json, and passes them on.",
  from: Embeddings,
  to: Embeddings,
  params: {
    to: param(FileStem, "Name of the files, without extension.", "embeddings"),
    as: param(
      choice(...FORM_NAMES),
      "Format: `npy` and `safetensors` have a table of names and labels beside them, `npz` and `parquet` hold both themselves.",
      "npy"
    ),
    folder: optional(
      Name,
      "Folder for the files, instead of the run folder; relative to the current working directory."
    )
  },
  declares: {
    writes: ({ as: form, folder, to }) =>
      endingsOf(form).map((end) => (folder === undefined ? to : resolve(folder, to)) + end)
  },
  run:
    ({ as: form = "npy", folder, to }) =>
    (embeddings) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const run = yield* Run
          const path = join(folder === undefined ? run.folder : resolve(folder), to)
          if (folder !== undefined) yield* checkOwner(path, form, run.experiment)
          const loaded = yield* Effect.tryPromise({
            try: () => loadForm(form),
            catch: (cause) => cause as RetrieveError
          })
          const file = yield* Effect.acquireRelease(
            writing(path, () => new EmbeddingsFile(path, run.experiment, loaded)),
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
