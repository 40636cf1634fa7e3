import { join } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Finite, NonNegativeInt, PositiveInt, param } from "../../../pipeline/param.ts"
import { printable } from "../../../pipeline/words.ts"
import { Ranking } from "../../elements.ts"
import { FileStem } from "../../filename.ts"
import { Run } from "../../run.ts"
import { checkLabelled, onlyIf } from "../labelled-ranking.ts"
import { publishFigures } from "../predict/publish-figures.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { type Votes, votesOf } from "./votes.ts"

/** Queries whose best result is alike, and those whose best result is least alike. */
const strange = (votes: ReadonlyArray<Votes>, duplicate: number, outliers: number) => {
  const all = votes.flatMap(({ best, names }) =>
    best.map(({ name, score }, i) => ({ query: names[i], nearest: name, score }))
  )
  return {
    duplicates: all.filter(({ score }) => score >= duplicate),
    outliers: all.toSorted((a, b) => a.score - b.score).slice(0, outliers)
  }
}

/**
 * Classifies every query by its k nearest neighbours: a label's probability is the share of them that have it. Prints figures
 * of classification and writes them to `NAME.json`, with queries that have a near duplicate in the database, and with the
 * queries that are farthest from it. Rankings pass unchanged.
 */
export const knn = operator({
  name: "knn",
  about:
    "Classifies queries by their nearest neighbours, and lists near duplicates and outliers; figures in NAME.json.",
  from: Ranking,
  to: Ranking,
  params: {
    k: param(PositiveInt, "Number of neighbours.", 20),
    duplicate: param(Finite, "Least score of a near duplicate; for `l2`, minus the distance.", 0.999),
    outliers: param(NonNegativeInt, "Number of queries to list whose nearest neighbour is farthest.", 10),
    metrics: onlyIf("knn"),
    to: param(FileStem, "Name of the file in the run folder, without extension.", "knn")
  },
  declares: { writes: ({ to }) => [`${to}.json`] },
  run:
    ({ duplicate, k, metrics, outliers, to }) =>
    (rankings) =>
      Stream.suspend(() => {
        if (metrics !== undefined && !metrics.includes("knn")) return Stream.empty
        const votes: Array<Votes> = []
        let classes: ReadonlyArray<string> = []
        const look = (ranking: Ranking) =>
          attempt(RetrieveError)(() => {
            checkLabelled(ranking, "knn")
            classes = ranking.gallery.classes
            votes.push(votesOf(ranking, k))
          })
        const finish = Effect.gen(function* () {
          if (votes.length === 0) return
          const { folder } = yield* Run
          const findings = strange(votes, duplicate, outliers)
          const far = findings.outliers.slice(0, 3)
          yield* publishFigures({
            ...{ batches: votes, classes, threshold: 0.5, file: join(folder, `${to}.json`), key: `knn.${to}` },
            title: `${k} nearest neighbours`,
            settings: { k },
            findings,
            notes: [
              `${findings.duplicates.length} queries have a near duplicate in the database (score of at least ${duplicate})`,
              ...far.map(({ query, score }) => `far from all: ${printable(query)} (${score.toFixed(4)})`)
            ]
          })
        })
        return rankings.pipe(Stream.tap(look), Stream.concat(Stream.drain(Stream.fromEffect(finish))))
      })
})
