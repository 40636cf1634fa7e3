/** `npm run bench`: every benchmark, each figure a ratio within this run; with `-- --peer` PyTorch beside TensorFlow alone,
 * with `-- --onnx` ONNX Runtime beside WebAssembly and PyTorch alone, with `-- --gpu` a GPU alone, with `-- --hamming` Hamming
 * search beside faiss alone, with `-- losses` every loss beside PyTorch alone, with `-- explore [IMAGES]` the explorer alone, with
 * `-- --shard` one shard of a large archive in every kind of index, with `-- --cluster` processes, a cluster and sweeps alone. */
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

type Benchmark = () => Figure | ReadonlyArray<Figure> | Promise<Figure | ReadonlyArray<Figure>>

const [option, ...words] = process.argv.slice(2)
const benchmarks: ReadonlyArray<Benchmark> =
  option === "--gpu" || option === "losses" || option === "--shard"
    ? []
    : option === "--onnx"
      ? inference(words)
      : option === "--hamming"
        ? [() => hamming(words)]
        : option === "explore"
          ? [() => explorer(words)]
          : option === "--cluster"
            ? [() => clusters(words)]
            : option === "--peer"
              ? [...(words.length === 0 ? [oml] : []), ...peers(words)]
              : [fiveStages, reading, readers, engines, retrieval, () => explorer()]
if (option === "--gpu") await gpu()
if (option === "losses") lossTable(words)
if (option === "--shard") console.log(await shard(words))
let holds = true
for (const benchmark of benchmarks) {
  const figures = [await benchmark()].flat()
  holds &&= figures.every((figure) => figure.holds)
  console.log(show(figures))
}
process.exitCode = holds ? 0 : 1
