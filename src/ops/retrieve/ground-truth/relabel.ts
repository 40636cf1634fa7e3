import { join, resolve } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Name, param } from "../../../pipeline/param.ts"
import { few, repeated } from "../../../pipeline/words.ts"
import { type Gallery, Ranking } from "../../elements.ts"
import { labelOf } from "../../measure/label-sets.ts"
import type { Truth } from "../../measure/truth.ts"
import { Run } from "../../run.ts"
import { perGallery } from "../gallery.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { readTruth } from "./file.ts"

/**
 * A gallery with the labels of a ground truth.
 *
 * @throws RetrieveError if an image is not in the ground truth, or if two images have the same name
 */
export const relabelled = (gallery: Gallery, { classes, names, sets }: Truth, path: string): Gallery => {
  const places = new Map(names.map((name, i) => [name, i]))
  const missing = gallery.names.filter((name) => !places.has(name))
  if (missing.length > 0) {
    throw new RetrieveError({
      subject: path,
      problem: `does not contain ${few(missing)}`,
      remedy: "Write the ground truth from the same split, or remove `relabel` to use the labels of the embeddings"
    })
  }
  const twice = repeated(gallery.names)
  if (twice.length > 0) {
    throw new RetrieveError({
      subject: path,
      problem: `images are identified by name, but several are called ${few(twice)}`,
      remedy: "Give every image a unique name"
    })
  }
  const width = classes.length
  const labels = new Uint8Array(gallery.names.length * width)
  gallery.names.forEach((name, image) => {
    const set = sets.of[places.get(name) ?? 0]
    for (let c = 0; c < width; c++) labels[image * width + c] = labelOf(sets, set, c)
  })
  const notes = [...(gallery.notes ?? []), `Labels come from the ground truth ${path}.`]
  return { ...gallery, classes, labels, unlabelled: undefined, notes }
}

/** Replaces the labels of all images by the labels in a file that `ground-truth` wrote. */
export const relabel = operator({
  name: "relabel",
  about: "Replaces the labels of the embeddings by the labels of a ground truth.",
  from: Ranking,
  to: Ranking,
  params: { from: param(Name, "The store that `ground-truth` wrote; relative to the current working directory.") },
  each: true,
  run:
    ({ from }) =>
    (rankings) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const { uses } = yield* Run
          const path = resolve(from)
          const truth = yield* Effect.scoped(readTruth(path))
          yield* uses(join(path, "data.mdb"))
          const again = perGallery((gallery) => relabelled(gallery, truth, from))
          return Stream.mapEffect(rankings, (ranking) =>
            attempt(RetrieveError)((): Ranking => ({ ...ranking, gallery: again(ranking.gallery) }))
          )
        })
      )
})
