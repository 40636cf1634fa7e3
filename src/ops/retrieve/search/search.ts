import { join } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { toStream } from "../../../pipeline/interpret.ts"
import { named } from "../../../pipeline/named.ts"
import { operator } from "../../../pipeline/operator.ts"
import {
  listOf,
  Name,
  NonNegativeInt,
  optional,
  type Param,
  PositiveInt,
  param,
  pipelineParam
} from "../../../pipeline/param.ts"
import type { Pipeline } from "../../../pipeline/pipeline.ts"
import { Embeddings, Ranking } from "../../elements.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { Run } from "../../run.ts"
import type { TensorEngine } from "../../tensor/engine.ts"
import { MOST_THREADS, Threads } from "../../workers/threads.ts"
import { checkOrigins } from "../embeddings/origin.ts"
import { indexes } from "../indexes.ts"
import { RetrieveError, unwritable } from "../retrieve-error.ts"
import { Similarity } from "../similarity.ts"
import type { IndexChoice, VectorIndex } from "../vector-index.ts"
import { found, indexOf, measureRecall, QUERIES } from "./by-index.ts"
import { allowedImages } from "./filter.ts"
import { byName, rankingOf, type Searched, searchOne, withQueries } from "./find.ts"
import { type Matches, matchesOf, matchLines } from "./matches.ts"

type Others = Pipeline<Embeddings, unknown, Run | TensorEngine>

const queriesParam: Param<Others | undefined, false> = {
  ...pipelineParam<unknown, Run | TensorEngine>()(
    Embeddings,
    "Instead of `query`: a pipeline that embeds the images to search for, with the same network."
  ),
  required: false,
  fallback: undefined
}

const failed = (cause: unknown) =>
  new RetrieveError({
    subject: "queries",
    problem: cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause),
    remedy: "Run the pipeline of the queries on its own with `--only` to find the cause",
    cause
  })

/** Prepares the search that the parameters describe. */
const prepare = Effect.fnUntraced(function* (
  batches: ReadonlyArray<Embeddings>,
  query: string | undefined,
  others: Others | undefined,
  by: Similarity
) {
  if ((query === undefined) === (others === undefined)) {
    return yield* new RetrieveError({
      subject: "search",
      problem: query === undefined ? "neither `query` nor `queries` is given" : "both `query` and `queries` are given",
      remedy: "Set `query` to the name of an image, or `queries` to a pipeline that embeds other images"
    })
  }
  if (others === undefined) return yield* attempt(RetrieveError)(() => byName(batches, query ?? "", by))
  const asked = yield* Stream.runCollect(toStream(others)).pipe(Effect.mapError(failed))
  if (yield* attempt(RetrieveError)(() => checkOrigins([...batches, ...asked]))) {
    yield* (yield* Run).say(
      "search: it is not known how some of these embeddings were made, so their origins are not compared"
    )
  }
  return yield* attempt(RetrieveError)(() => withQueries(batches, asked, by))
})

const publish = Effect.fnUntraced(function* (all: ReadonlyArray<Matches>) {
  const { folder, record, wrote } = yield* Run
  const path = join(folder, "search.json")
  yield* Effect.try({
    try: () => writeFileAtomic(path, `${JSON.stringify(all, null, 2)}\n`),
    catch: (cause) => unwritable(path, cause)
  })
  yield* wrote(path)
  yield* record("search", all)
})

/** Prints the results of one query, and adds them to `all`. */
const shown = Effect.fnUntraced(function* (what: Searched, ranking: Ranking, all: Array<Matches>) {
  const matches = matchesOf(ranking, what)
  all.push(matches)
  const { say } = yield* Run
  yield* Effect.forEach(matchLines(matches), say, { discard: true })
  return ranking
})

/** Runs a function that rejects with a RetrieveError. */
const awaiting = <A>(run: () => Promise<A>): Effect.Effect<A, RetrieveError> =>
  Effect.catchIf(
    Effect.tryPromise({ try: run, catch: (cause) => cause }),
    (cause) => !(cause instanceof RetrieveError),
    Effect.die
  ) as Effect.Effect<A, RetrieveError>

/** The rankings of all queries by exact search, one query after another. */
const exactRankings = (what: Searched, top: number): Stream.Stream<Ranking, RetrieveError> =>
  Stream.range(0, what.queries.length - 1).pipe(
    Stream.rechunk(1),
    Stream.mapEffect((row) => attempt(RetrieveError)(() => searchOne(what, row, top)))
  )

/** Prints and records how the index does: its size, and its recall on some of the images. */
const inspected = Effect.fnUntraced(function* (what: Searched, index: VectorIndex, count: number, top: number) {
  const { record, say, seed } = yield* Run
  const { bytes, kernel, kind } = index
  const facts = { index: kind, images: what.images, code_bytes: bytes(), kernel: kernel ?? null }
  yield* say(`search: index \`${kind}\` holds ${what.images} images in ${bytes()} bytes of codes`)
  if (count === 0) return yield* record("search_index", facts)
  const measured = yield* awaiting(() => measureRecall(what, index, count, top, seed))
  yield* say(
    `search: it finds ${(100 * measured.recall).toFixed(1)} % of the ${top} most similar images (${measured.queries} images, compared with an exact search)`
  )
  yield* record("search_index", { ...facts, ...measured })
})

/** The rankings of all queries through an index, up to 1,000 queries at a time. */
const indexedRankings = Effect.fnUntraced(function* (what: Searched, choice: IndexChoice, check: number, top: number) {
  const [{ seed }, threads] = [yield* Run, yield* Threads]
  const index = yield* Effect.acquireRelease(
    awaiting(() => indexOf(what, choice, seed, Math.min(threads, MOST_THREADS))),
    (one) => Effect.promise(one.close)
  )
  yield* inspected(what, index, check, top)
  const count = what.queries.length
  return Stream.range(0, Math.ceil(count / QUERIES) - 1).pipe(
    Stream.rechunk(1),
    Stream.mapEffect((block) => {
      const [from, to] = [block * QUERIES, Math.min(count, (block + 1) * QUERIES)]
      return Effect.map(
        awaiting(() => found(what, index, [from, to], top)),
        (all) => all.map((one, i) => rankingOf(what, from + i, one))
      )
    }),
    Stream.flatMap((rankings) => Stream.rechunk(Stream.fromIterable(rankings), 1))
  )
})

/** The rankings of all queries. */
const rankingsOf = (what: Searched, choice: IndexChoice, check: number, top: number) =>
  (typeof choice === "string" ? choice : choice.name) === "exact"
    ? exactRankings(what, top)
    : Stream.scoped(Stream.unwrap(indexedRankings(what, choice, check, top)))

/**
 * Finds the images most similar to one of the images, or to other images that a pipeline embeds. Images with the query's own
 * name are left out. It prints a table, writes `search.json` to the run folder and `search` to the record, and passes on one
 * ranking per query, whose database consists of the images found, for `strips`. It holds the embeddings in memory.
 *
 * An index other than `exact` compares codes or visits a graph instead of comparing all vectors. Its recall is measured against
 * an exact search, printed, and recorded as `search_index`.
 */
export const search = operator({
  name: "search",
  about: "Finds the images most similar to a query; writes a table and search.json.",
  from: Embeddings,
  to: Ranking,
  params: {
    query: optional(Name, "Name of the image to search for; one of the images that are searched."),
    queries: queriesParam,
    top: param(PositiveInt, "Number of images to find.", 10),
    by: param(Similarity, "Cosine of the angle, inner product, or Euclidean distance.", "cosine"),
    index: named(indexes, "How images are found; all but `exact` may miss some.", "exact"),
    check: param(
      NonNegativeInt,
      "Number of images on which the recall of an index other than `exact` is measured; 0 for none.",
      100
    ),
    labels: optional(listOf(Name), "Finds only images that have all of these labels."),
    without: optional(listOf(Name), "Finds only images that have none of these labels.")
  },
  declares: { shares: () => ["search.json"] },
  run:
    ({ by, check, index, labels, queries, query, top, without }, self) =>
    (embeddings) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const prepared = yield* prepare(yield* Stream.runCollect(embeddings), query, queries, by)
          const allowed = yield* attempt(RetrieveError)(() => allowedImages(prepared.batches, { labels, without }))
          const what: Searched = { ...prepared, allowed }
          const all: Array<Matches> = []
          self.expect(what.queries.length)
          return rankingsOf(what, index, check, top).pipe(
            Stream.mapEffect((ranking) => shown(what, ranking, all)),
            Stream.concat(Stream.drain(Stream.fromEffect(Effect.suspend(() => publish(all)))))
          )
        })
      )
})
