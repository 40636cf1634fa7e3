import { Effect, Stream } from "effect"
import { operator } from "../../../pipeline/operator.ts"
import { type Gallery, Ranking } from "../../elements.ts"
import { labelSets } from "../../measure/label-sets.ts"
import { noting, perGallery } from "../gallery.ts"
import { emptyBlock } from "../rank/rank-block.ts"
import { labelOrder, orderByLabels } from "./label-order.ts"

const NOTE =
  "Re-ranked by the labels of the database (ja): each query's order follows the labels of its best result. The figures measure how often that result is right; they cannot be compared with figures of methods that see no labels."

const prepare = (gallery: Gallery) => {
  const sets = labelSets(gallery.labels, gallery.names.length, gallery.classes.length)
  return { sets, databaseSets: Uint32Array.from(gallery.database, (image) => sets.of[image]) }
}

/**
 * Jaccard affinity of the original: the database is sorted by the similarity of its labels to the labels of the query's best
 * result, |A and B| / (|A or B| + 1e-6), descending, ties by ascending position. Of the query, only its best result is used.
 * The method uses the labels of the database, and a note beside every figure says so.
 */
export const ja = operator({
  name: "ja",
  about:
    "Re-ranks by Jaccard affinity: sorts the database by label similarity to the best result. Uses labels of the database.",
  from: Ranking,
  to: Ranking,
  params: {},
  each: true,
  run: () => (rankings) => {
    const noted = noting(NOTE, { usesDatabaseLabels: true })
    const prepared = perGallery(prepare)
    let affinity: ReturnType<typeof labelOrder> | undefined
    const again = (ranking: Ranking): Ranking => {
      const { from, gallery, order, to } = ranking
      affinity ??= labelOrder(gallery.classes.length)
      const { databaseSets, sets } = prepared(gallery)
      const n = databaseSets.length
      const block = emptyBlock(to - from, n)
      for (let row = 0; row < to - from; row++) {
        const part = [row * n, (row + 1) * n] as const
        const set = databaseSets[order[row * n]]
        orderByLabels(affinity, sets, set, databaseSets, block.order.subarray(...part), block.scores.subarray(...part))
      }
      return { ...ranking, ...block, gallery: noted(gallery) }
    }
    return Stream.mapEffect(rankings, (ranking) => Effect.sync(() => again(ranking)))
  }
})
