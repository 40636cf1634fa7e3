/** Run by `retrieval.ts` in a process of its own: prints how much memory a ranking took at most, and may take. */
import { Effect, Stream } from "effect"
import type { Ranking } from "../../src/ops/elements.ts"
import { measure } from "../../src/ops/measure/measure.ts"
import { bytesOf } from "../../src/ops/retrieve/rank/memory.ts"
import { engineProduct, RankProduct } from "../../src/ops/retrieve/rank/product.ts"
import { rank } from "../../src/ops/retrieve/rank/rank.ts"
import { openEngine } from "../../src/ops/tensor/engine.ts"
import { batchMaker, DIM, full, IMAGES } from "./retrieval-data.ts"

const budget = full ? "1GiB" : "256MiB"
const queries = full ? 0.01 : 0.02
const self = { expect: () => {} }
const engine = await Effect.runPromise(openEngine("auto"))
// What the program and the engine take by themselves is not the ranking's.
engineProduct(engine)(new Float32Array(64 * 64), 64, 64).release()
const before = process.resourceUsage().maxRSS * 1024

const params = { queries, seed: 24, by: "cosine", memory: budget, block: undefined } as const
const { count, make } = batchMaker()
const given = Stream.map(Stream.rechunk(Stream.range(0, count - 1), 1), make)
const ranked = rank.run(params, self)(given as never) as unknown as Stream.Stream<Ranking>
const figures = {
  ...{ at: [20, 100], precision_at: 10, thresholds: { easy: 0.6, medium: 0.4, hard: 0.2 }, metrics: ["original"] },
  ...{ relations: ["easy"], bootstrap: undefined, per_query: undefined }
}
const reports = measure.run(figures as never, self)(ranked as never) as unknown as Stream.Stream<unknown>
await Effect.runPromise(Stream.runDrain(reports).pipe(Effect.provideService(RankProduct, engineProduct(engine))))
const peak = process.resourceUsage().maxRSS * 1024 - before
process.stdout.write(JSON.stringify({ peak, allowed: IMAGES * DIM * 4 + (bytesOf(budget) ?? 0) }))
process.exit(0)
