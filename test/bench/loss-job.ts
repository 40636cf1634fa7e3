/**
 * One process that measures one loss on a drawn batch, and prints what it found as JSON: name, batch, width,
 * classes, rounds and threads are its arguments. Memory is the growth of the whole process beyond the batch, compiled code included.
 */
import { lossTeam } from "../../src/ops/train/losses/team.ts"
import { type Drawn, drawnBatch, ours } from "../peers/compared-losses.ts"
import { median } from "./harness.ts"

/** Milliseconds before the first measured round. */
const WARM_UP = 500

const [name, ...numbers] = process.argv.slice(2)
const [rows, dim, classes, rounds, threads] = numbers.map(Number)
const drawn: Drawn = drawnBatch(1, { rows, dim, classes })
const team = threads === 1 ? undefined : lossTeam(threads)
const loss = ours(name, drawn, team)
const resident = () => process.resourceUsage().maxRSS / 1024
// A batch of four loads and compiles what every process has anyway.
ours(name, drawnBatch(2, { rows: 4, dim, classes }))()
const before = resident()
const once = (): number => {
  const begun = performance.now()
  loss()
  return (performance.now() - begun) / 1000
}
once()
// Threads take up to a second to start; until then this one computes alone.
await new Promise((resolve) => setTimeout(resolve, team === undefined ? 0 : 1500))
// A training computes its loss thousands of times, by compiled code.
for (const end = performance.now() + WARM_UP; performance.now() < end; ) once()
const seconds = median(Array.from({ length: rounds }, once))
const memory = resident() - before
const { gradient, value } = loss()
team?.close()
console.log(JSON.stringify({ seconds, memory, value, gradient: [...gradient] }))
