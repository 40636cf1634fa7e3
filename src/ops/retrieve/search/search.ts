import { join } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { toStream } from "../../../pipeline/interpret.ts"
import { operator } from "../../../pipeline/operator.ts"
import { Name, optional, type Param, PositiveInt, param, pipelineParam } from "../../../pipeline/param.ts"
import type { Pipeline } from "../../../pipeline/pipeline.ts"
import { Embeddings, Ranking } from "../../elements.ts"
import { writeFileAtomic } from "../../formats/files.ts"
import { Run } from "../../run.ts"
import type { TensorEngine } from "../../tensor/engine.ts"
import { checkOrigins } from "../embeddings/origin.ts"
import { RetrieveError, unwritable } from "../retrieve-error.ts"
import { Similarity } from "../similarity.ts"
import { byName, type Searched, searchOne, withQueries } from "./find.ts"
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

/** Searches for one query, prints the results, and adds them to `all`. */
const searched = Effect.fnUntraced(function* (what: Searched, row: number, top: number, all: Array<Matches>) {
  const ranking = yield* attempt(RetrieveError)(() => searchOne(what, row, top))
  const matches = matchesOf(ranking, what)
  all.push(matches)
  const { say } = yield* Run
  yield* Effect.forEach(matchLines(matches), say, { discard: true })
  return ranking
})

/**
 * Finds the images most similar to one of the images, or to other images that a pipeline embeds. Images with the query's own
 * name are left out. It prints a table, writes `search.json` to the run folder and `search` to the record, and passes on one
 * ranking per query, whose database consists of the images found, for `strips`. It holds the embeddings in memory.
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
    by: param(Similarity, "Cosine of the angle, inner product, or Euclidean distance.", "cosine")
  },
  declares: { shares: () => ["search.json"] },
  run:
    ({ by, queries, query, top }, self) =>
    (embeddings) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const what = yield* prepare(yield* Stream.runCollect(embeddings), query, queries, by)
          const all: Array<Matches> = []
          const count = what.queries.length
          self.expect(count)
          return Stream.range(0, count - 1).pipe(
            Stream.rechunk(1),
            Stream.mapEffect((row) => searched(what, row, top, all)),
            Stream.concat(Stream.drain(Stream.fromEffect(Effect.suspend(() => publish(all)))))
          )
        })
      )
})
