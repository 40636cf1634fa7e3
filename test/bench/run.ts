/** `npm run bench`: every benchmark, each figure a ratio within this run; with `-- --peer` PyTorch beside TensorFlow alone,
 * with `-- --onnx` ONNX Runtime beside WebAssembly and PyTorch alone, with `-- --gpu` a GPU alone, with `-- --hamming` Hamming
 * search beside faiss alone, with `-- losses` every loss beside PyTorch alone, with `-- explore [IMAGES]` the explorer alone, with
 * `-- --shard` one shard of a large archive in every kind of index, with `-- --cluster` processes, a cluster and sweeps alone, with `-- --wasm`
 * training on WebAssembly with threads alone, with `-- retrieval [PART...]` ranking, measuring and searching alone. */
import { clusters } from "./cluster.ts"
import { engines } from "./engines.ts"
import { explorer } from "./explore.ts"
import { gpu } from "./gpu.ts"
import { hamming } from "./hamming.ts"
import { type Figure, show } from "./harness.ts"
import { inference } from "./inference.ts"
import { lossTable } from "./loss-table.ts"
import { oml } from "./losses.ts"
import { peers } from "./peer.ts"
import { fiveStages } from "./pipeline.ts"
import { readers } from "./readers.ts"
import { reading } from "./reading.ts"
import { retrieval } from "./retrieval.ts"
import { shard } from "./shard.ts"
import { wasmThreads } from "./wasm-threads.ts"

type Benchmark = () => Figure | ReadonlyArray<Figure> | Promise<Figure | ReadonlyArray<Figure>>

const [option, ...words] = process.argv.slice(2)
/** Benchmarks that an option runs alone. */
const alone: Readonly<Record<string, () => ReadonlyArray<Benchmark>>> = {
  "--onnx": () => inference(words),
  "--hamming": () => [() => hamming(words)],
  "--cluster": () => [() => clusters(words)],
  "--wasm": () => [wasmThreads],
  "--peer": () => [...(words.length === 0 ? [oml] : []), ...peers(words)],
  explore: () => [() => explorer(words)],
  retrieval: () => [() => retrieval(words.filter((word) => word !== "--full"))]
}
/** Options that print text without bounds. */
const texts: Readonly<Record<string, () => unknown>> = {
  "--gpu": gpu,
  "--shard": async () => console.log(await shard(words)),
  losses: () => lossTable(words)
}
const all: ReadonlyArray<Benchmark> = [fiveStages, reading, readers, engines, wasmThreads, retrieval, () => explorer()]
const text = texts[option]
await text?.()
const benchmarks = text === undefined ? (alone[option]?.() ?? all) : []
let holds = true
for (const benchmark of benchmarks) {
  const figures = [await benchmark()].flat()
  holds &&= figures.every((figure) => figure.holds)
  console.log(show(figures))
}
process.exitCode = holds ? 0 : 1
