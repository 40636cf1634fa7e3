import { join } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Positive, param } from "../../../pipeline/param.ts"
import { counted, few } from "../../../pipeline/words.ts"
import { Ranking } from "../../elements.ts"
import { FileStem } from "../../filename.ts"
import { Run } from "../../run.ts"
import { workerPool } from "../../workers/pool.ts"
import { Threads } from "../../workers/threads.ts"
import { checkLabelled, onlyIf } from "../labelled-ranking.ts"
import { publishFigures } from "../predict/publish-figures.ts"
import { type Vectors, vectorsOf } from "../rank/vectors.ts"
import { RetrieveError } from "../retrieve-error.ts"
import type { ProbeData, Probed } from "./probe-work.ts"
import { momentsOf, standardised } from "./standardise.ts"

const bothSides = ({ gallery, vectors }: Ranking): { readonly train: Vectors; readonly test: Vectors } => {
  if (vectors === undefined) {
    throw new RetrieveError({
      subject: "linear-probe",
      problem: "the rankings that arrive have no vectors",
      remedy: "Place it after `rank`"
    })
  }
  return { train: vectorsOf(vectors.batches, gallery.database), test: vectorsOf(vectors.batches, gallery.queries) }
}

const labelsOf = ({ gallery: { classes, labels } }: Ranking, images: Int32Array): Uint8Array => {
  const width = classes.length
  const rows = new Uint8Array(new SharedArrayBuffer(images.length * width))
  images.forEach((image, row) => {
    rows.set(labels.subarray(image * width, (image + 1) * width), row * width)
  })
  return rows
}

/** Probabilities of all labels, float32 [queries, classes], and the classes whose fit did not converge. */
const probed = Effect.fnUntraced(function* (ranking: Ranking, c: number, note: (words: string) => void) {
  const { classes, database } = ranking.gallery
  const { test, train } = yield* attempt(RetrieveError)(() => bothSides(ranking))
  const moments = momentsOf(train)
  const data: ProbeData = {
    ...{ train: standardised(train, moments), test: standardised(test, moments), c },
    labels: labelsOf(ranking, database),
    classes: classes.length
  }
  const size = Math.min(yield* Threads, classes.length)
  const pool = yield* workerPool<number, Probed>({ module: new URL("./probe-work.ts", import.meta.url), size, data })
  const probabilities = new Float32Array(test.count * classes.length)
  let done = 0
  const unfinished = yield* Effect.forEach(
    classes,
    (name, label) =>
      Effect.map(pool.run(label), (found) => {
        found.probabilities.forEach((probability, row) => {
          probabilities[row * classes.length + label] = probability
        })
        note(`${++done} of ${counted(classes.length, "class", "classes")}`)
        return found.converged ? [] : [name]
      }),
    { concurrency: size }
  )
  return { probabilities, unfinished: unfinished.flat() }
}, Effect.scoped)

/**
 * Linear probe: fits a logistic regression of each label to the standardised vectors of the database, and predicts the labels of
 * the queries. Prints figures of classification and writes them to `NAME.json`. Rankings pass unchanged. The figures depend neither
 * on the number of threads nor on how the vectors were ranked.
 */
export const linearProbe = operator({
  name: "linear-probe",
  about:
    "Fits a logistic regression per label to the vectors of the database, and classifies the queries with it; figures in NAME.json.",
  from: Ranking,
  to: Ranking,
  params: {
    c: param(Positive, "Inverse strength of the L2 penalty, as `C` in scikit-learn.", 1),
    metrics: onlyIf("linear-probe"),
    to: param(FileStem, "Name of the file in the run folder, without extension.", "linear-probe")
  },
  declares: { writes: ({ to }) => [`${to}.json`] },
  run:
    ({ c, metrics, to }, self) =>
    (rankings) =>
      Stream.suspend(() => {
        if (metrics !== undefined && !metrics.includes("linear-probe")) return Stream.empty
        let first: Ranking | undefined
        const look = (ranking: Ranking) =>
          attempt(RetrieveError)(() => {
            if (first === undefined) checkLabelled(ranking, "linear-probe")
            first ??= ranking
          })
        const finish = Effect.gen(function* () {
          if (first === undefined) return
          const { classes, database, queries } = first.gallery
          const { probabilities, unfinished } = yield* probed(first, c, (words) => self.note?.(words))
          const { folder } = yield* Run
          yield* publishFigures({
            batches: [{ probabilities, labels: labelsOf(first, queries) }],
            ...{ classes, threshold: 0.5, file: join(folder, `${to}.json`), key: `linear_probe.${to}` },
            title: `Linear probe: logistic regression on ${counted(database.length, "image")}, C = ${c}`,
            settings: { c, train_images: database.length },
            findings: { not_converged: unfinished },
            notes: unfinished.length === 0 ? [] : [`The fit did not converge for ${few(unfinished)}`]
          })
        })
        return rankings.pipe(Stream.tap(look), Stream.concat(Stream.drain(Stream.fromEffect(finish))))
      })
})
