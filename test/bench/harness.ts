/** A small harness: two ways of one job, run in turn, compared by the median of their ratios. */
import { execFileSync } from "node:child_process"

export interface Figure {
  readonly name: string
  /** Median of the first way, in `unit`. */
  readonly ours: number
  /** Median of the way it is compared with. */
  readonly other: number
  /** Median of the pairwise ratios. */
  readonly ratio: number
  readonly unit: string
  /** What the figure should stay below, and whether the ratio or `ours` is meant. */
  readonly bound: string
  readonly holds: boolean
}

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

const wall = (): number => performance.now()

/** Milliseconds of the processor, so that what else the machine does counts less; for jobs of one thread. */
export const processorTime = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1000
}

const timed = async (job: () => unknown, clock: () => number): Promise<number> => {
  const begun = clock()
  await job()
  return clock() - begun
}

/** Milliseconds of both jobs, run in turn after a warm-up, so that a machine that slows down slows both. */
export const inTurn = async (ours: () => unknown, other: () => unknown, rounds = 7, clock = wall) => {
  await ours()
  await other()
  const a: Array<number> = []
  const b: Array<number> = []
  for (let i = 0; i < rounds; i++) {
    a.push(await timed(ours, clock))
    b.push(await timed(other, clock))
  }
  return { ours: median(a), other: median(b), ratio: median(a.map((ms, i) => ms / b[i])) }
}

/** Runs a program to its end, and returns the JSON of its last line. */
export const lastLine = (program: string, args: ReadonlyArray<string>) =>
  JSON.parse(
    execFileSync(program, args, { encoding: "utf8", maxBuffer: 2 ** 30 })
      .trim()
      .split("\n")
      .at(-1) ?? ""
  )

export const show = (figures: ReadonlyArray<Figure>): string =>
  figures
    .map(({ bound, holds, name, other, ours, ratio, unit }) => {
      const value = (n: number) => (n >= 100 ? n.toFixed(0) : n.toPrecision(3))
      return `${holds ? "ok  " : "OVER"} ${name}: ${value(ours)} ${unit} against ${value(other)} (ratio ${ratio.toFixed(3)}); ${bound}`
    })
    .join("\n")
