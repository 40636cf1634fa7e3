/** Labels of images in the order of a network's classes. */
import { few } from "../../../pipeline/words.ts"
import type { Embeddings } from "../../elements.ts"
import { RetrieveError } from "../retrieve-error.ts"

/** Classes that were predicted, and the labels of the images in their order; no labels if the images have none. */
export interface Ordered {
  readonly classes: ReadonlyArray<string>
  readonly labels: Uint8Array | undefined
}

/**
 * Finds the names of predicted classes, and puts the labels of images into their order.
 *
 * @param count number of classes that the network predicts
 * @param named their names, if they are known; else the classes of the images, if there are as many
 * @throws RetrieveError if the numbers differ, or the images have classes that the network does not know
 */
export const inOrder = (
  { classes, labels, size }: Pick<Embeddings, "classes" | "labels" | "size">,
  count: number,
  named: ReadonlyArray<string> | undefined
): Ordered => {
  const refuse = (problem: string, remedy: string) => new RetrieveError({ subject: "predict", problem, remedy })
  if (named !== undefined && named.length !== count) {
    throw refuse(
      `the network predicts ${count} classes, but ${named.length} are named`,
      "Name every class, in its order"
    )
  }
  if (classes.length === 0) {
    return { classes: named ?? Array.from({ length: count }, (_, c) => `class ${c}`), labels: undefined }
  }
  if (named === undefined) {
    if (classes.length === count) return { classes, labels }
    throw refuse(
      `the network predicts ${count} classes, but the images have ${classes.length}`,
      "Name the classes of the network in `classes`"
    )
  }
  const unknown = classes.filter((name) => !named.includes(name))
  if (unknown.length > 0) {
    throw refuse(
      `the images have classes that the network does not know (${few(unknown)})`,
      "Read the images in the network's classes, or correct `classes`"
    )
  }
  const ordered = new Uint8Array(size * count)
  classes.forEach((name, c) => {
    const to = named.indexOf(name)
    for (let i = 0; i < size; i++) ordered[i * count + to] = labels[i * classes.length + c]
  })
  return { classes: named, labels: ordered }
}
