/** Ranking, measuring, searching: at a tenth of BigEarthNet's test split, or the whole with `--full`. */
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { prepare } from "../../src/ops/measure/prepare.ts"
import { figuresOf } from "../../src/ops/measure/query-figures.ts"
import { defaultThresholds } from "../../src/ops/measure/relevance.ts"
import { truthOf } from "../../src/ops/measure/truth.ts"
import { ITEM_TILE, QUERY_TILE } from "../../src/ops/retrieve/rank/blocks.ts"
import { exactSides, gather } from "../../src/ops/retrieve/rank/gather.ts"
import { exactOf, provenError, settle, tieOf, trustedError } from "../../src/ops/retrieve/rank/near-ties.ts"
import { scratch } from "../../src/ops/retrieve/rank/order.ts"
import { engineProduct, type Product } from "../../src/ops/retrieve/rank/product.ts"
import { emptyBlock, rankInto } from "../../src/ops/retrieve/rank/rank-block.ts"
import { scoresOf } from "../../src/ops/retrieve/rank/scores.ts"
import { threadedProduct } from "../../src/ops/retrieve/rank/threaded-product.ts"
import { byName, searchOne } from "../../src/ops/retrieve/search/find.ts"
import { openEngine } from "../../src/ops/tensor/engine.ts"
import { type Figure, inTurn, lastLine, median, processorTime } from "./harness.ts"
import { batches, batchMaker, DIM, full, IMAGES, noise, WHOLE } from "./retrieval-data.ts"

/** Everything after the product, by one thread, against a sort of the scores alone by the language's own; in full size. */
const afterProduct = async (): Promise<Figure> => {
  const { count, make } = batchMaker(WHOLE, 1)
  const { gallery } = gather(
    Array.from({ length: count }, (_, b) => make(b)),
    24,
    0.2,
    "dot"
  )
  const n = gallery.database.length
  const prepared = prepare(gallery, { at: [20, 40, 60, 80, 100], precisionAt: 10, thresholds: defaultThresholds })
  const queries = 5
  const scores = Array.from({ length: queries }, (_, row) => noise(n, row + 1))
  const memory = scratch(n)
  const block = emptyBlock(queries, n)
  const ours = () =>
    scores.forEach((one, row) => {
      rankInto(block, row, one, memory)
      figuresOf(prepared, row, block.order.subarray(row * n, (row + 1) * n))
    })
  const sorted = () => scores.forEach((one) => void one.slice().sort())
  const found = await inTurn(ours, sorted, 7, processorTime)
  const perQuery = found.ours / queries
  return {
    name: `ordering and all measures, a query of ${n} images`,
    ours: perQuery,
    other: found.other / queries,
    ratio: found.ratio,
    unit: "ms",
    bound: "at most 5 ms; against a sort of the scores alone",
    holds: perQuery <= 5
  }
}

/** Scores by tiles, with all copying, against the engine's own products of such tiles, in the faster of two forms. */
const product = async (all: ReturnType<typeof batches>, device: "auto" | "wasm"): Promise<Figure> => {
  const engine = await Effect.runPromise(openEngine(device))
  const sides = gather(all.slice(0, 12), 24, 0.2)
  const tiles = Math.floor(sides.database.count / ITEM_TILE)
  // As many as a ranking of the whole split takes at once.
  const queries = 16 * QUERY_TILE
  const whole = {
    ...sides,
    gallery: { ...sides.gallery, database: sides.gallery.database.slice(0, tiles * ITEM_TILE) }
  }
  const raw = (form: "matMul" | "conv2d") => () =>
    engine.scope(() => {
      const [x, w] = [noise(ITEM_TILE * DIM, 1), noise(DIM * QUERY_TILE, 2)]
      const conv = form === "conv2d"
      const left = engine.tensor(x, conv ? [1, ITEM_TILE, 1, DIM] : [ITEM_TILE, DIM])
      const right = engine.tensor(w, conv ? [1, 1, DIM, QUERY_TILE] : [DIM, QUERY_TILE])
      for (let i = 0; i < (tiles * queries) / QUERY_TILE; i++) {
        const out = conv
          ? engine.conv2d(left, right, { stride: 1, padding: 0, dilation: 1 })
          : engine.matMul(left, right)
        // One number is read, so that an engine that puts work off does it.
        if (i === 0) engine.read(out)
        engine.dispose([out])
      }
    })
  const forms = await inTurn(raw("matMul"), raw("conv2d"), 1)
  const best = forms.ratio < 1 ? "matMul" : "conv2d"
  const { other, ours, ratio } = await inTurn(
    () => Effect.runPromise(scoresOf(whole, engineProduct(engine), 0, queries)),
    raw(best),
    3
  )
  const flops = 2 * tiles * ITEM_TILE * queries * DIM
  const name = `similarities of ${queries} queries on ${engine.name}, ${(flops / ours / 1e6).toFixed(0)} GFLOP/s, against bare ${best}`
  return { name, ours, other, ratio, unit: "ms", bound: "ratio at most 1.11", holds: ratio <= 1.11 }
}

/** Scores on WebAssembly by all processors, each with an engine of its own, against one. */
const productOnThreads = async (all: ReturnType<typeof batches>): Promise<Figure> => {
  const engine = await Effect.runPromise(openEngine("wasm"))
  const sides = gather(all.slice(0, 12), 24, 0.2)
  const queries = Math.min(sides.queries.count, 16 * QUERY_TILE)
  const threads = availableParallelism()
  const scores = (product: Product) => () => Effect.runPromise(scoresOf(sides, product, 0, queries))
  const found = await Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const product = yield* threadedProduct(engine, threads)
        // Threads take up to two seconds to start; until then one computes alone.
        yield* Effect.promise(scores(product))
        yield* Effect.sleep("3 seconds")
        return yield* Effect.promise(() => inTurn(scores(product), scores(engineProduct(engine)), 3))
      })
    )
  )
  const name = `similarities of ${queries} queries on WebAssembly, ${threads} threads against one`
  const most = 1.2 / threads
  return { ...found, name, unit: "ms", bound: `ratio at most ${most.toFixed(2)}`, holds: found.ratio <= most }
}

/**
 * Ranking with near ties decided in double precision, against the same without: with the bound that rankings of this size use,
 * and with the proven one, on one thread.
 */
const nearTies = async (all: ReturnType<typeof batches>): Promise<ReadonlyArray<Figure>> => {
  const engine = await Effect.runPromise(openEngine("auto"))
  const sides = gather(all, 24, 0.2)
  const exact = exactSides(sides)
  const { count: n, dim } = sides.database
  const queries = QUERY_TILE
  const memory = scratch(n)
  const block = emptyBlock(queries, n)
  let settled = 0
  const ranked = (bound: (measured: number) => number) => async () => {
    const { error, values } = await Effect.runPromise(scoresOf(sides, engineProduct(engine), 0, queries))
    settled = 0
    for (let row = 0; row < queries; row++) {
      const part = [row * n, (row + 1) * n] as const
      rankInto(block, row, values.subarray(...part), memory)
      const tie = tieOf(exact, row, bound(error))
      if (tie < 0) continue
      const decide = exactOf(exact, row)
      settle(block.order.subarray(...part), block.scores.subarray(...part), tie, false, (positions, into) => {
        settled += positions.length
        decide(positions, into)
      })
    }
  }
  const figure = async (name: string, bound: (measured: number) => number, atMost: number): Promise<Figure> => {
    const { other, ours, ratio } = await inTurn(
      ranked(bound),
      ranked(() => -1),
      3
    )
    await ranked(bound)()
    const share = ((100 * settled) / (queries * n)).toFixed(0)
    return {
      name: `near ties, ${name}: ${queries} queries of ${n} images of ${dim}, ${share} % in double precision`,
      ours,
      other,
      ratio,
      unit: "ms",
      bound: `ratio at most ${atMost}; against ranking in single precision alone`,
      holds: ratio <= atMost
    }
  }
  return [
    await figure("measured bound", (measured) => trustedError(dim, measured, Number.POSITIVE_INFINITY), 4),
    await figure("proven bound", () => provenError(dim), 16)
  ]
}

/** A search against a copy of the same bytes into the cache of the processor, which shows how fast this machine reads memory. */
const search = async (all: ReturnType<typeof batches>): Promise<Figure> => {
  const what = byName(all, "patch-7", "cosine")
  const cached = new Float32Array(2 ** 16)
  const read = () => {
    for (const { vectors } of all) {
      for (let at = 0; at < vectors.length; at += cached.length) cached.set(vectors.subarray(at, at + cached.length))
    }
  }
  const { other, ours, ratio } = await inTurn(() => searchOne(what, 0, 10), read, 7, processorTime)
  const scaled = (ours * 500_000) / what.images
  const name = `search in ${what.images} embeddings of ${DIM}`
  const bound = `${scaled.toFixed(0)} ms for 500,000, at most 800; against reading all values from memory`
  return { name, ours, other, ratio, unit: "ms", bound, holds: scaled <= 800 }
}

const truth = async (all: ReturnType<typeof batches>): Promise<Figure> => {
  const { gallery } = gather(all, 24, 0.2)
  const made = truthOf(gallery.names, gallery.classes, gallery.labels)
  const bytes = (made.table?.byteLength ?? 0) + made.sets.of.byteLength + made.sets.bits.byteLength
  const { other, ours, ratio } = await inTurn(
    () => truthOf(gallery.names, gallery.classes, gallery.labels),
    () => gallery.labels.slice().sort(),
    3,
    processorTime
  )
  const name = `ground truth of ${gallery.names.length} images, ${made.sets.count} label sets, ${(bytes / 1e6).toFixed(1)} MB`
  return {
    name,
    ours,
    other,
    ratio,
    unit: "ms",
    bound: "at most 5000 ms and 20 MB",
    holds: ours <= 5000 && bytes <= 20e6
  }
}

/** What `retrieval-memory.ts` prints: bytes, seconds, and figures. */
interface Evaluated {
  readonly allowed: number
  readonly peak: number
  readonly processor: number
  readonly program: number
  readonly queries: number
  readonly results: unknown
  readonly seconds: number
}

/** Ranks and measures in a process of its own. */
const evaluated = (...options: ReadonlyArray<string>): Evaluated => {
  const child = join(import.meta.dirname, "retrieval-memory.ts")
  const args = ["--import", "tsx", child, ...(full ? ["--full"] : []), ...options]
  return lastLine(process.execPath, args) as Evaluated
}

/** Seconds and peak memory of ranking and measuring, against program, embeddings and budget. */
const memory = (device: "auto" | "wasm", most: number): Figure => {
  const { allowed, peak, processor, program, queries, seconds } = evaluated(...(device === "wasm" ? ["--wasm"] : []))
  const took = `${seconds.toFixed(0)} s, ${processor.toFixed(0)} s of the processor`
  const ratio = peak / allowed
  return {
    name: `peak memory of an evaluation on ${device} of ${queries} queries of ${IMAGES} images (${took}; program alone ${(program / 2 ** 20).toFixed(0)} MiB)`,
    ours: peak / 2 ** 20,
    other: allowed / 2 ** 20,
    ratio,
    unit: "MiB",
    bound: `ratio at most 1, against program, embeddings, budget, and 0.1 GB${full ? `; at most ${most} s` : ""}`,
    holds: ratio <= 1 && (!full || seconds <= most)
  }
}

/** Processor time of an evaluation that only measures, against one that sorts whole orders; both must give the same figures. */
const counted = (): Figure => {
  const pairs = [0, 1, 2].map(() => ({ ours: evaluated(), other: evaluated("--orders") }))
  const same = pairs.every(({ other, ours }) => JSON.stringify(ours.results) === JSON.stringify(other.results))
  const ratio = median(pairs.map(({ other, ours }) => ours.processor / other.processor))
  return {
    name: `evaluation without whole orders, ${same ? "the same figures" : "OTHER FIGURES"}`,
    ours: median(pairs.map(({ ours }) => ours.processor)),
    other: median(pairs.map(({ other }) => other.processor)),
    ratio,
    unit: "s of the processor",
    bound: "ratio at most 0.8, against one with whole orders",
    holds: same && ratio <= 0.8
  }
}

const parts = {
  after: afterProduct,
  product: (all: ReturnType<typeof batches>) => product(all, "auto"),
  wasm: (all: ReturnType<typeof batches>) => product(all, "wasm"),
  threads: productOnThreads,
  ties: nearTies,
  search,
  truth,
  counted,
  memory: () => memory("auto", 75),
  "memory-wasm": () => memory("wasm", 120)
} as const

/** Parts that make their embeddings in processes of their own. */
const APART = ["counted", "memory", "memory-wasm"]

/** @param words names of parts; all by default */
export const retrieval = async (words: ReadonlyArray<string> = []): Promise<ReadonlyArray<Figure>> => {
  const only = words.length === 0 ? Object.keys(parts) : words
  const all = only.every((name) => APART.includes(name)) ? [] : batches()
  const figures: Array<Figure> = []
  for (const [name, part] of Object.entries(parts)) if (only.includes(name)) figures.push(...[await part(all)].flat())
  return figures
}
