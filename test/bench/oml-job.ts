/**
 * One process that measures the Ordered Multi-label Loss, value and gradient, and prints what it found as JSON: batch, width,
 * classes, rounds and threads are its arguments. Memory is the growth of the whole process beyond the batch, compiled code included.
 */
import { orderedMultiLabel } from "../../src/ops/train/losses/oml.ts"
import { lossTeam } from "../../src/ops/train/losses/team.ts"
import { random } from "../../src/pipeline/random.ts"
import { median } from "./harness.ts"

export interface OmlMeasured {
  readonly seconds: number
  /** In MiB. */
  readonly memory: number
}

const [rows, width, classes, rounds, threads] = process.argv.slice(2).map(Number)
const draws = random(1, 0, 0, "bench")
const values = Float32Array.from({ length: rows * width }, () => draws.next() - 0.3)
const labels = Uint8Array.from({ length: rows * classes }, () => (draws.next() < 0.16 ? 1 : 0))

const team = threads === 1 ? undefined : lossTeam(threads)
const resident = () => process.resourceUsage().maxRSS / 1024
// The first call, for a batch of four, loads and compiles what every process has anyway.
orderedMultiLabel({ values: values.subarray(0, 4 * width), labels: labels.subarray(0, 4 * classes), rows: 4 })
const before = resident()
const once = (): number => {
  const begun = performance.now()
  orderedMultiLabel({ values, labels, rows, team })
  return (performance.now() - begun) / 1000
}
once()
// Threads take up to a second to start; until then this one computes alone.
await new Promise((resolve) => setTimeout(resolve, team === undefined ? 0 : 1500))
once()
const seconds = median(Array.from({ length: rounds }, once))
const measured: OmlMeasured = { seconds, memory: resident() - before }
team?.close()
console.log(JSON.stringify(measured))
