/** Every loss beside its reference in PyTorch, as Markdown: `npm run bench -- losses`, with `300 2048` for other sizes. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { losses } from "../../src/ops/train/losses.ts"
import { COMPARED, drawnBatch, forPython } from "../peers/compared-losses.ts"
import { lastLine } from "./harness.ts"
import { peerPython } from "./peer.ts"

/** BigEarthNet's classes. */
const [CLASSES, ROUNDS] = [19, 3]

interface Measured {
  readonly seconds: number
  readonly memory: number
  readonly value: number
  readonly gradient: ReadonlyArray<number>
  readonly version: string
}

const SCRIPT = join(import.meta.dirname, "../peers/scripts/losses.py")

/** The largest difference of values and slopes, as a share of the largest value and slope. */
const difference = (ours: Measured, other: Measured): number => {
  const largest = other.gradient.reduce((most, slope) => Math.max(most, Math.abs(slope)), 1e-30)
  const off = other.gradient.reduce((most, slope, i) => Math.max(most, Math.abs(slope - ours.gradient[i])), 0)
  return Math.max(Math.abs(ours.value - other.value) / Math.max(1, Math.abs(other.value)), off / largest)
}

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
    console.log(`Batch ${rows}, D ${dim}, ${CLASSES} classes; value and gradient.\n`)
    console.log("| loss | reference | largest difference | ms | PyTorch, ms | ratio | MiB | PyTorch, MiB |")
    console.log("|:--|:--|--:|--:|--:|--:|--:|--:|")
    for (const [name, { reference }] of Object.entries(COMPARED)) {
      const numbers = [rows, dim, CLASSES, ROUNDS, availableParallelism()].map(String)
      const job = join(import.meta.dirname, "loss-job.ts")
      const ours: Measured = lastLine(process.execPath, ["--import", "tsx", job, name, ...numbers])
      const exact: Measured = lastLine(python, [SCRIPT, file, name])[name]
      const timed: Measured = lastLine(python, [SCRIPT, file, name, String(ROUNDS)])[name]
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
  console.log(`\nCompared with recorded values of the original only: ${others.join(", ")}.`)
}
