/** Every loss beside its reference in PyTorch, as Markdown: `npm run bench -- losses`, with `300 2048` for other sizes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { losses } from "../../src/ops/train/losses.ts"
import { COMPARED, drawnBatch, forPython } from "../peers/compared-losses.ts"
import { lastLine } from "./harness.ts"
import { peerPython } from "./peer.ts"

/** BigEarthNet's classes. */
const [CLASSES, ROUNDS] = [19, 7]

interface Timed {
  readonly seconds: number
  readonly memory: number
}
interface Found {
  readonly value: number
  readonly gradient: ArrayLike<number>
}

const SCRIPT = join(import.meta.dirname, "../peers/scripts/losses.py")

/** The largest difference of values and slopes, as a share of the largest value and slope. */
const difference = (ours: Found, other: Found): number => {
  let [largest, off] = [1e-30, 0]
  for (let i = 0; i < other.gradient.length; i++) {
    largest = Math.max(largest, Math.abs(other.gradient[i]))
    off = Math.max(off, Math.abs(other.gradient[i] - ours.gradient[i]))
  }
  return Math.max(Math.abs(ours.value - other.value) / Math.max(1, Math.abs(other.value)), off / largest)
}

/** Load average of the last minute: a machine that does nothing else has less than 1 when the table begins. */
const load = (): string => loadavg()[0].toFixed(1)

const milliseconds = (seconds: number): string => (1000 * seconds).toPrecision(3)

/**
 * Prints the table. Both run on all threads, each in a process of its own, one after the other.
 *
 * @param words batch size and length of embeddings, 300 and 2048 by default
 */
export const lossTable = (words: ReadonlyArray<string>): void => {
  const [rows = 300, dim = 2048] = words.map(Number)
  const python = peerPython()
  const folder = mkdtempSync(join(tmpdir(), "orbitrank-losses-"))
  const file = join(folder, "batch.json")
  try {
    writeFileSync(file, forPython(drawnBatch(1, { rows, dim, classes: CLASSES })))
    const threads = availableParallelism()
    console.log(`Batch ${rows}, D ${dim}, ${CLASSES} classes; value and gradient; median of ${ROUNDS} rounds.`)
    console.log(
      `${threads} threads of ${cpus()[0]?.model ?? "an unknown processor"}; load average at the start ${load()}.\n`
    )
    console.log("| loss | reference | largest difference | ms | PyTorch, ms | ratio | MiB | PyTorch, MiB |")
    console.log("|:--|:--|--:|--:|--:|--:|--:|--:|")
    const values: Readonly<Record<string, { readonly value: number }>> = lastLine(python, [SCRIPT, file, folder])
    for (const [name, { reference }] of Object.entries(COMPARED)) {
      const numbers = [rows, dim, CLASSES, ROUNDS, threads].map(String)
      const job = join(import.meta.dirname, "loss-job.ts")
      const ours: Timed & Found = lastLine(process.execPath, ["--import", "tsx", job, name, ...numbers])
      const gradient = new Float64Array(readFileSync(join(folder, `${name}.f64`)).buffer)
      const exact: Found = { value: values[name].value, gradient }
      const timed: Timed = lastLine(python, [SCRIPT, file, name, String(ROUNDS)])[name]
      const cells = [
        `\`${name}\``,
        reference,
        difference(ours, exact).toExponential(0),
        milliseconds(ours.seconds),
        milliseconds(timed.seconds),
        (ours.seconds / timed.seconds).toFixed(2),
        ours.memory.toFixed(0),
        timed.memory.toFixed(0)
      ]
      console.log(`| ${cells.join(" | ")} |`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const others = losses.map(({ name }) => name).filter((name) => !Object.hasOwn(COMPARED, name))
  if (others.length > 0) console.log(`\nNot compared: ${others.join(", ")}.`)
}
