/** Filters of a search: which images may be found. They are applied before images are compared. */
import { suggestion } from "../../../pipeline/words.ts"
import type { Embeddings } from "../../elements.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { conditionsOn, type Near, type Where } from "./where.ts"

/** The conditions of a filter; an absent one allows all images. */
export interface Filter {
  /** Labels that an image must have, all of them. */
  readonly labels?: ReadonlyArray<string> | undefined
  /** Labels that an image must not have. */
  readonly without?: ReadonlyArray<string> | undefined
  /** What facts of an image must be. */
  readonly where?: Where | undefined
  /** Where an image must be. */
  readonly near?: Near | undefined
}

/** Whether image i of a batch may be found. */
type May = (batch: Embeddings, i: number) => boolean

/** @throws RetrieveError if there is no such class */
const classAt = (classes: ReadonlyArray<string>, name: string, key: string): number => {
  const at = classes.indexOf(name)
  if (at >= 0) return at
  throw new RetrieveError({
    subject: `${key}: ${name}`,
    problem: `the images that are searched have no class of this name${suggestion(name, classes)}`,
    remedy: "Name one of their classes"
  })
}

const byLabels = (classes: ReadonlyArray<string>, names: ReadonlyArray<string>, key: string, value: 0 | 1): May => {
  const places = names.map((name) => classAt(classes, name, key))
  return ({ labels }, i) => places.every((place) => (labels[i * classes.length + place] !== 0 ? 1 : 0) === value)
}

/**
 * The images that a filter allows: 1 for each, uint8 [images]; undefined if there is no condition.
 *
 * @throws RetrieveError if a class does not exist, or if no image is allowed
 */
export const allowedImages = (
  batches: ReadonlyArray<Embeddings>,
  { labels, near, where, without }: Filter
): Uint8Array | undefined => {
  const [{ classes }] = batches
  const conditions = [
    ...(labels === undefined ? [] : [byLabels(classes, labels, "labels", 1)]),
    ...(without === undefined ? [] : [byLabels(classes, without, "without", 0)]),
    ...conditionsOn(batches, where, near).map(
      (meets): May =>
        ({ facts }, i) =>
          meets(facts?.[i] ?? {})
    )
  ]
  if (conditions.length === 0) return undefined
  const allowed = Uint8Array.from(
    batches.flatMap((batch) =>
      Array.from({ length: batch.size }, (_, i) => (conditions.every((may) => may(batch, i)) ? 1 : 0))
    )
  )
  if (allowed.includes(1)) return allowed
  throw new RetrieveError({
    subject: "search",
    problem: `none of ${allowed.length} images meets the conditions of the filter`,
    remedy: "Remove a condition"
  })
}
