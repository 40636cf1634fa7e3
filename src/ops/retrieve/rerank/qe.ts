import { operator } from "../../../pipeline/operator.ts"
import { PositiveInt, param } from "../../../pipeline/param.ts"
import { Ranking } from "../../elements.ts"
import { expandQueries } from "./expand-queries.ts"

/**
 * Average query expansion (Chum et al., ICCV 2007): the database is ranked again by the sum of the query and its k best
 * results, scaled to length 1. Operators after `qe` receive the expanded query, so a second `qe` expands it again.
 */
export const qe = operator({
  name: "qe",
  about: "Re-ranks by query expansion: adds to each query the vectors of its best results.",
  from: Ranking,
  to: Ranking,
  params: { k: param(PositiveInt, "Number of best results added to the query.", 10) },
  each: true,
  run: ({ k }) => expandQueries("qe", k, 0, `Re-ranked by query expansion with the ${k} best results (qe).`)
})
