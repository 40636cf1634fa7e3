import { operator } from "../../../pipeline/operator.ts"
import { NonNegative, PositiveInt, param } from "../../../pipeline/param.ts"
import { Ranking } from "../../elements.ts"
import { expandQueries } from "./expand-queries.ts"

/**
 * Alpha-weighted query expansion (Radenovic et al., TPAMI 2019): like `qe`, but each result is weighted by its cosine to the
 * query, raised to the power of alpha. Results with a negative cosine have weight 0. `alpha: 0` is the same as `qe`.
 */
export const aqe = operator({
  name: "aqe",
  about: "Re-ranks by alpha-weighted query expansion: each result is weighted by a power of its similarity.",
  from: Ranking,
  to: Ranking,
  params: {
    k: param(PositiveInt, "Number of best results added to the query.", 10),
    alpha: param(NonNegative, "Power of the similarity. The larger it is, the less distant results count.", 3)
  },
  each: true,
  run: ({ alpha, k }) =>
    expandQueries(
      "aqe",
      k,
      alpha,
      `Re-ranked by query expansion with the ${k} best results, weighted by similarity to the power of ${alpha} (aqe).`
    )
})
