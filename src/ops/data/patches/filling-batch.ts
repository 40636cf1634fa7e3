/** Stacking patches to a batch. */
import type { Batch, Patch } from "../../elements.ts"
import { DataError } from "../../formats/data-error.ts"

/** A batch that is being filled. Each patch is copied into it when it comes, so that the patch itself can go. */
export interface Filling {
  readonly first: Patch
  readonly names: Array<string>
  readonly indices: Int32Array
  readonly images: Float32Array
  readonly labels: Uint8Array
}

/** An empty batch for patches like `first`, at most `size` of them. */
export const startBatch = (first: Patch, size: number): Filling => ({
  // Pixels are copied when a patch is added; here only the description is needed.
  first: { ...first, image: new Float32Array(0) },
  names: [],
  indices: new Int32Array(size),
  images: new Float32Array(size * first.image.length),
  labels: new Uint8Array(size * first.labels.length)
})

const describe = ({ height, width, bands, classes }: Patch): string =>
  `${height} x ${width}, ${bands.length} bands, ${classes.length} classes`

/**
 * Copies a patch into the batch.
 *
 * @throws DataError if its size, bands or classes differ from those of the batch's first patch
 */
export const addToBatch = ({ first, names, indices, images, labels }: Filling, patch: Patch): void => {
  const alike = patch.bands.join() === first.bands.join() && patch.classes.join() === first.classes.join()
  if (!alike || patch.height !== first.height || patch.width !== first.width) {
    throw new DataError({
      subject: patch.name,
      problem: `is ${describe(patch)}, but its batch began with ${first.name}: ${describe(first)}`,
      remedy: "Bring all patches to one size with `crop`, and read the same bands and classes of all"
    })
  }
  const n = names.length
  indices[n] = patch.index
  images.set(patch.image, n * patch.image.length)
  labels.set(patch.labels, n * patch.labels.length)
  names.push(patch.name)
}

/** The batch of the patches that have been added. */
export const finishBatch = ({ first, names, indices, images, labels }: Filling): Batch => {
  const size = names.length
  const { epoch, height, width, bands, classes } = first
  const whole = size === indices.length
  return {
    kind: "batch",
    epoch,
    size,
    names,
    indices: whole ? indices : indices.slice(0, size),
    images: whole ? images : images.slice(0, size * height * width * bands.length),
    height,
    width,
    bands,
    labels: whole ? labels : labels.slice(0, size * classes.length),
    classes
  }
}
