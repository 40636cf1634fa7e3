/**
 * Run by `retrieval.ts` in a process of its own: ranks and measures queries of a split, and prints seconds, how much memory
 * the process took at most, and how much it may take.
 */
import { Effect, Stream } from "effect"
import type { Ranking } from "../../src/ops/elements.ts"
import { measure } from "../../src/ops/measure/measure.ts"
import { bytesOf } from "../../src/ops/retrieve/rank/memory.ts"
import { engineProduct, RankProduct } from "../../src/ops/retrieve/rank/product.ts"
import { rank } from "../../src/ops/retrieve/rank/rank.ts"
import { openEngine } from "../../src/ops/tensor/engine.ts"
import { batchMaker, DIM, full, IMAGES } from "./retrieval-data.ts"

// Scores of random vectors are so close that nearly all images of the whole split are decided in double precision.
const share = full ? 0.01 : 0.2
const budget = full ? "1GiB" : "256MiB"
const self = { expect: () => {} }
const engine = await Effect.runPromise(openEngine("auto"))
engineProduct(engine)(new Float32Array(64 * 64), 64, 64).release()
const program = process.resourceUsage().maxRSS * 1024

const params = { queries: share, seed: 24, by: "cosine", memory: budget, block: undefined } as const
const { count, make } = batchMaker()
const given = Stream.map(Stream.rechunk(Stream.range(0, count - 1), 1), make)
const ranked = rank.run(params, self)(given as never) as unknown as Stream.Stream<Ranking>
const figures = {
  ...{ at: [20, 100], precision_at: 10, thresholds: { easy: 0.6, medium: 0.4, hard: 0.2 }, metrics: ["original"] },
  ...{ relations: ["easy"], bootstrap: undefined, per_query: undefined }
}
const begun = performance.now()
const reports = measure.run(figures as never, self)(ranked as never) as unknown as Stream.Stream<unknown>
await Effect.runPromise(Stream.runDrain(reports).pipe(Effect.provideService(RankProduct, engineProduct(engine))))
const seconds = (performance.now() - begun) / 1000
const { system, user } = process.cpuUsage()
const peak = process.resourceUsage().maxRSS * 1024
const allowed = program + IMAGES * DIM * 4 + (bytesOf(budget) ?? 0) + 0.1e9
const queries = Math.floor(IMAGES * share)
process.stdout.write(JSON.stringify({ program, peak, allowed, queries, seconds, processor: (system + user) / 1e6 }))
process.exit(0)
