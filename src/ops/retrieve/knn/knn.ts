import { join } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Finite, NonNegativeInt, PositiveInt, param } from "../../../pipeline/param.ts"
import { printable } from "../../../pipeline/words.ts"
import { Ranking } from "../../elements.ts"
import { FileStem } from "../../filename.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { joined } from "../../joined.ts"
import { classificationFigures } from "../../measure/classification.ts"
import { Run } from "../../run.ts"
import { figureLines, figureRecord } from "../predict/figures-text.ts"
import { RetrieveError } from "../retrieve-error.ts"
import { writing } from "../writing.ts"
import { type Votes, votesOf } from "./votes.ts"

const checkLabelled = ({ gallery: { classes, partial, unlabelled } }: Ranking): void => {
  const refuse = (problem: string, remedy: string) => new RetrieveError({ subject: "knn", problem, remedy })
  if (classes.length === 0 || unlabelled === true) {
    throw refuse("needs labels of all images", "Give `labels` to the step that reads the embeddings")
  }
  if (partial === true) throw refuse("needs a ranking of the whole database", "Put `knn` after `rank`")
}

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
    to: param(FileStem, "Name of the file in the run folder, without extension.", "knn")
  },
  declares: { writes: ({ to }) => [`${to}.json`] },
  run:
    ({ duplicate, k, outliers, to }) =>
    (rankings) =>
      Stream.suspend(() => {
        const votes: Array<Votes> = []
        let classes: ReadonlyArray<string> = []
        const look = (ranking: Ranking) =>
          attempt(RetrieveError)(() => {
            checkLabelled(ranking)
            classes = ranking.gallery.classes
            votes.push(votesOf(ranking, k))
          })
        const finish = Effect.gen(function* () {
          if (votes.length === 0) return
          const { folder, record, say, wrote } = yield* Run
          const figures = classificationFigures({
            probabilities: joined(votes.map(({ probabilities }) => probabilities)),
            labels: joined(votes.map(({ labels }) => labels)),
            classes: classes.length,
            threshold: 0.5
          })
          const found = strange(votes, duplicate, outliers)
          const recorded = { k, ...figureRecord(figures, classes), ...found }
          const path = join(folder, `${to}.json`)
          yield* writing(path, () => writeFileAtomic(path, `${JSON.stringify(recorded, null, 2)}\n`))
          yield* wrote(path)
          yield* record(`knn.${to}`, recorded)
          const lines = [
            `${k} nearest neighbours`,
            ...figureLines(figures, classes),
            `${found.duplicates.length} queries have a near duplicate in the database (score of at least ${duplicate})`,
            ...found.outliers
              .slice(0, 3)
              .map(({ query, score }) => `far from all: ${printable(query)} (${score.toFixed(4)})`)
          ]
          yield* Effect.forEach(lines, say, { discard: true })
        })
        return rankings.pipe(Stream.tap(look), Stream.concat(Stream.drain(Stream.fromEffect(finish))))
      })
})
