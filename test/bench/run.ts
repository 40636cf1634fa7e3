/** `npm run bench`: every benchmark, each figure a ratio within this run; with `-- --peer` PyTorch beside TensorFlow alone. */
import { engines } from "./engines.ts"
import { type Figure, show } from "./harness.ts"
import { oml } from "./losses.ts"
import { peers } from "./peer.ts"
import { fiveStages } from "./pipeline.ts"
import { readers } from "./readers.ts"
import { reading } from "./reading.ts"
import { retrieval } from "./retrieval.ts"

type Benchmark = () => Figure | ReadonlyArray<Figure> | Promise<Figure | ReadonlyArray<Figure>>

const benchmarks: ReadonlyArray<Benchmark> = process.argv.includes("--peer")
  ? [oml, ...peers()]
  : [fiveStages, reading, readers, engines, retrieval]
let holds = true
for (const benchmark of benchmarks) {
  const figures = [await benchmark()].flat()
  holds &&= figures.every((figure) => figure.holds)
  console.log(show(figures))
}
process.exitCode = holds ? 0 : 1
