/** `npm run bench`: every benchmark, each figure a ratio within this run. */
import { show } from "./harness.ts"
import { fiveStages } from "./pipeline.ts"
import { reading } from "./reading.ts"

const benchmarks = [fiveStages, reading]
let holds = true
for (const benchmark of benchmarks) {
  const figure = await benchmark()
  holds &&= figure.holds
  console.log(show([figure]))
}
process.exitCode = holds ? 0 : 1
