/**
 * Run by `retrieval.ts` in a process of its own: ranks and measures queries of a split, and prints seconds, how much memory
 * the process took at most, and how much it may take.
 */
import { Effect, Stream } from "effect"
import type { Ranking, Report } from "../../src/ops/elements.ts"
import { measure } from "../../src/ops/measure/measure.ts"
import { bytesOf } from "../../src/ops/retrieve/rank/memory.ts"
import { engineProduct } from "../../src/ops/retrieve/rank/product.ts"
import { rank } from "../../src/ops/retrieve/rank/rank.ts"
import { openEngine, TensorEngine } from "../../src/ops/tensor/engine.ts"
import { batchMaker, DIM, full, IMAGES } from "./retrieval-data.ts"

// BigEarthNet's own division: 25,173 queries of 100,693 images.
const share = 0.2
const budget = full ? "1GiB" : "256MiB"
const device = process.argv.includes("--wasm") ? "wasm" : "auto"
const engine = await Effect.runPromise(openEngine(device))
engineProduct(engine)(new Float32Array(64 * 64), 64, 64).release()
const program = process.resourceUsage().maxRSS * 1024

const figures = {
  ...{ at: [20, 40, 60, 80, 100], precision_at: 10, thresholds: { easy: 0.6, medium: 0.4, hard: 0.2 } },
  ...{ metrics: ["original"], relations: ["easy"], bootstrap: undefined, per_query: undefined }
}
const params = { queries: share, seed: 24, by: "cosine", memory: budget, block: undefined } as const
const { count, make } = batchMaker(IMAGES, DIM, "learned")
/** Seconds, of the clock and of the processor, that making the embeddings takes; they are left out. */
let [making, makingProcessor] = [0, 0]
const made = (b: number) => {
  const [begun, before] = [performance.now(), process.cpuUsage()]
  const batch = make(b)
  const { system, user } = process.cpuUsage(before)
  making += (performance.now() - begun) / 1000
  makingProcessor += (system + user) / 1e6
  return batch
}
const given = Stream.map(Stream.rechunk(Stream.range(0, count - 1), 1), made)
const expect = () => {}
// With `--orders`, rankings hold whole orders, as before a step that needs them.
const after = process.argv.includes("--orders") ? [] : [{ name: "measure", params: figures }]
const ranked = rank.run(params, { expect, after })(given as never) as unknown as Stream.Stream<Ranking>
const [begun, started] = [performance.now(), process.cpuUsage()]
const reports = measure.run(figures as never, { expect })(ranked as never) as unknown as Stream.Stream<Report>
const [report] = await Effect.runPromise(
  Effect.provideService(Stream.runCollect(reports), TensorEngine, { open: Effect.succeed(engine) })
)
const seconds = (performance.now() - begun) / 1000 - making
const { system, user } = process.cpuUsage(started)
const processor = (system + user) / 1e6 - makingProcessor
const peak = process.resourceUsage().maxRSS * 1024
const allowed = program + IMAGES * DIM * 4 + (bytesOf(budget) ?? 0) + 0.1e9
const { queries, results } = report
process.stdout.write(JSON.stringify({ program, peak, allowed, queries, results, seconds, processor }))
process.exit(0)
