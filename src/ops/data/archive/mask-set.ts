/** What WHDLD and DLRSD share: labels from masks, where there is no table. */
import { join } from "node:path"
import { DataError } from "../faults.ts"
import { imagesIn, nameOf } from "./image-files.ts"
import type { LabelledNames } from "./image-set.ts"
import { inOrder } from "./in-order.ts"
import { type Finding, finding } from "./kind.ts"
import { countMask, type Legend } from "./mask.ts"

/** Masks that are read at a time. */
const CONCURRENCY = 8

/**
 * Labels of the images that have a mask, in the order of the images' names.
 *
 * @param threshold a class counts with more pixels than this
 * @returns rejects with DataError where there are no masks, or one is damaged
 */
export const labelledByMasks = async (
  folder: string,
  masks: string,
  images: ReadonlyMap<string, string>,
  legend: Legend,
  threshold: number
): Promise<{ readonly table: LabelledNames; readonly findings: ReadonlyArray<Finding> }> => {
  const files = await imagesIn(folder, [masks])
  const keys = [...images.keys()].sort().filter((key) => files.has(key))
  if (keys.length === 0) {
    throw new DataError({
      subject: join(folder, masks),
      problem: "holds no mask of any image",
      remedy: "Masks are named as the images are"
    })
  }
  const labels = await inOrder(keys, CONCURRENCY, async (key) => {
    const counts = await countMask(join(folder, files.get(key) ?? ""), legend)
    return Uint8Array.from(counts, (count) => (count > threshold ? 1 : 0))
  })
  const pixels = threshold === 0 ? "any pixel counts" : `more than ${threshold} pixels count`
  return {
    table: { names: keys.map((key) => nameOf(images.get(key) ?? key)), labelsOf: (row) => labels[row] },
    findings: finding(
      `images have labels from their masks (${pixels}), not from a table`,
      keys,
      "note",
      "Say so beside figures: labels from masks differ from those of a table"
    )
  }
}
