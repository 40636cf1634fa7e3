import { operator } from "../../../pipeline/operator.ts"
import { PositiveInt, param } from "../../../pipeline/param.ts"
import { Ranking } from "../../elements.ts"
import { expandQueries } from "./expand-queries.ts"

/**
 * Average query expansion (Chum et al., ICCV 2007): the query's vector plus those of its k best results, of length 1 again,
 * ranks the database anew. What follows it takes the expanded query, so `qe` twice expands twice.
 */
export const qe = operator({
  name: "qe",
  about: "Re-ranks by query expansion: each query takes in the vectors of its best results.",
  from: Ranking,
  to: Ranking,
  params: { k: param(PositiveInt, "Number of best results added to the query.", 10) },
  run: ({ k }) => expandQueries("qe", k, 0, `Re-ranked by query expansion with the ${k} best results (qe).`)
})
