/**
 * One process that measures Hamming search and prints what it found as JSON: rows, bits, threads and queries are its arguments.
 * Memory is the growth of the whole process while codes are added and searched.
 */
import { codesOf } from "../../src/ops/retrieve/hamming/codes.ts"
import { strideOf } from "../../src/ops/retrieve/hamming/segment.ts"
import { openThreads } from "../../src/ops/retrieve/hamming/threads.ts"
import { random } from "../../src/pipeline/random.ts"
import { median } from "./harness.ts"

export interface HammingMeasured {
  /** Seconds of a single query, and per query of many at once. */
  readonly one: number
  readonly many: number
  /** In MiB. */
  readonly memory: number
}

const [rows, bits, size, queries] = process.argv.slice(2).map(Number)
const stride = strideOf(bits)
const { int } = random(1, 0, 0, "bench")
const filled = (into: Uint8Array): Uint8Array => {
  for (let i = 0; i < into.length; i++) into[i] = int(256)
  return into
}
const drawn = (count: number) => filled(new Uint8Array(count * stride))
const resident = () => process.resourceUsage().maxRSS / 1024

const threads = size > 1 ? { ...openThreads(size), size } : undefined
/** Starts the threads, and compiles what every process compiles. */
const small = codesOf(stride, threads)
small.add(drawn(1000))
await small.search(drawn(2), 10)

const PART = 10_000
const part = drawn(PART)
const before = resident()
const codes = codesOf(stride, threads)
for (let at = 0; at < rows; at += PART) codes.add(filled(part.subarray(0, stride * Math.min(PART, rows - at))))
const seconds = async (count: number): Promise<number> => {
  const asked = drawn(count)
  const once = async () => {
    const begun = performance.now()
    await codes.search(asked, 10)
    return (performance.now() - begun) / 1000 / count
  }
  await once()
  const all: Array<number> = []
  for (let i = 0; i < 7; i++) all.push(await once())
  return median(all)
}
const measured: HammingMeasured = { one: await seconds(1), many: await seconds(queries), memory: resident() - before }
console.log(JSON.stringify(measured))
await threads?.close()
