import { join } from "node:path"
import { Effect, Stream } from "effect"
import { attempt } from "../../../pipeline/attempt.ts"
import { toStream } from "../../../pipeline/interpret.ts"
import { named } from "../../../pipeline/named.ts"
import { operator } from "../../../pipeline/operator.ts"
import {
  type Decoded,
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
import { merged, type Range, whole } from "../../../pipeline/splits.ts"
import type { Self } from "../../../pipeline/step.ts"
import { messageOf } from "../../../pipeline/words.ts"
import { Embeddings, type Gallery, Ranking } from "../../elements.ts"
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
import { Near, Where } from "./where.ts"

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
    problem: messageOf(cause).replace(/\.$/, ""),
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

/** Runs a function that rejects with a RetrieveError. */
const awaiting = <A>(run: () => Promise<A>): Effect.Effect<A, RetrieveError> =>
  Effect.catchIf(
    Effect.tryPromise({ try: run, catch: (cause) => cause }),
    (cause) => !(cause instanceof RetrieveError),
    Effect.die
  ) as Effect.Effect<A, RetrieveError>

/** The rankings of some queries by exact search, one query after another. */
const exactRankings = (what: Searched, { from, to }: Range, top: number): Stream.Stream<Ranking, RetrieveError> =>
  Stream.range(from, to - 1).pipe(
    Stream.rechunk(1),
    Stream.mapEffect((row) => attempt(RetrieveError)(() => searchOne(what, row, top)))
  )

/** Prints and records the size of the index, and its recall on some of the images. */
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

/** Opens an index, and returns a function that ranks some queries, up to 1,000 at a time. */
const openedIndex = Effect.fnUntraced(function* (what: Searched, choice: IndexChoice, check: number, top: number) {
  const [{ seed }, threads] = [yield* Run, yield* Threads]
  const index = yield* Effect.acquireRelease(
    awaiting(() => indexOf(what, choice, seed, Math.min(threads, MOST_THREADS))),
    (one) => Effect.promise(one.close)
  )
  yield* inspected(what, index, check, top)
  return (range: Range) =>
    Stream.range(0, Math.ceil((range.to - range.from) / QUERIES) - 1).pipe(
      Stream.rechunk(1),
      Stream.mapEffect((block) => {
        const from = range.from + block * QUERIES
        const to = Math.min(range.to, from + QUERIES)
        return Effect.map(
          awaiting(() => found(what, index, [from, to], top)),
          (all) => all.map((one, i) => rankingOf(what, from + i, one))
        )
      }),
      Stream.flatMap((rankings) => Stream.rechunk(Stream.fromIterable(rankings), 1))
    )
})

const declared = {
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
  without: optional(listOf(Name), "Finds only images that have none of these labels."),
  where: optional(
    Where,
    "Finds only images whose facts are as given: a mapping of columns to a value, a list of values, or bounds, as in `date: { from: 2017-06-01, to: 2017-08-31 }`."
  ),
  near: optional(
    Near,
    "Finds only images at most `km` kilometres from a place: `{ latitude, longitude, km }`, in degrees."
  )
}
type Given = Decoded<typeof declared>

/** Queries per range: a minute or so in an archive of a million images. */
const RANGE = 512

/** Gathers the embeddings, and finds the queries among them or embeds them. */
const opened =
  ({ by, check, index, queries, query, top, ...filter }: Given, self: Self) =>
  (embeddings: Stream.Stream<Embeddings>) =>
    Effect.gen(function* () {
      const prepared = yield* prepare(yield* Stream.runCollect(embeddings), query, queries, by)
      const allowed = yield* attempt(RetrieveError)(() => allowedImages(prepared.batches, filter))
      const what: Searched = { ...prepared, allowed }
      const count = what.queries.length
      self.expect(count)
      const exact = (typeof index === "string" ? index : index.name) === "exact"
      return {
        count,
        size: RANGE,
        // An index is fitted once, and not by every process: its search is short.
        multiple: exact ? 1 : count,
        make: exact ? (range: Range) => exactRankings(what, range, top) : yield* openedIndex(what, index, check, top)
      }
    })

/** The result of one query. The part of the first query also has what all results share. */
interface Part extends Pick<Ranking, "from" | "to" | "order" | "scores"> {
  readonly database: Int32Array
  readonly shared?: Omit<Gallery, "database"> | undefined
}

const partOf = ({ from, gallery: { database, ...shared }, order, scores, to }: Ranking): Part => ({
  ...{ from, to, order, scores, database },
  ...(from === 0 ? { shared } : {})
})

/** Prints and publishes the results, and passes on their rankings. */
const results =
  ({ by, queries }: Given) =>
  (parts: Stream.Stream<Part>) =>
    Stream.suspend(() => {
      const all: Array<Matches> = []
      let gallery: Omit<Gallery, "database"> = {
        names: [],
        classes: [],
        labels: new Uint8Array(),
        queries: new Int32Array()
      }
      const one = Effect.fnUntraced(function* ({ database, shared, ...part }: Part) {
        gallery = shared ?? gallery
        const ranking: Ranking = { kind: "ranking", ...part, gallery: { ...gallery, database } }
        const { names, queries: asked, unlabelled } = gallery
        // Queries of another pipeline come after the images that are searched.
        const images = names.length - (queries === undefined ? 0 : asked.length)
        const matches = matchesOf(ranking, { by, images, labelled: unlabelled !== true })
        all.push(matches)
        const { say } = yield* Run
        yield* Effect.forEach(matchLines(matches), say, { discard: true })
        return ranking
      })
      return parts.pipe(
        Stream.mapEffect(one),
        Stream.concat(Stream.drain(Stream.fromEffect(Effect.suspend(() => publish(all)))))
      )
    })

const parts = {
  version: 1,
  // Its elements come from its own ranges.
  make: () => (own: Stream.Stream<Embeddings | Ranking>) =>
    Stream.flatMap(own, (one) => Stream.fromIterable(one.kind === "ranking" ? [partOf(one)] : [])),
  merge: results
}

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
  params: declared,
  declares: { shares: () => ["search.json"] },
  ranges: opened,
  parts,
  run: (params, self) => (embeddings) => merged(parts)(params, self)(whole(opened)(params, self)(embeddings))
})
