/**
 * The bounds of ranges and sweeps, by `npm run bench -- --cluster`: a real PostgreSQL on loopback, and workers beside the
 * run. `--cluster small` takes a minute and shows that the benchmark works; its figures say little. `--cluster cells` measures one
 * part; the others are `sleeping`, `overhead` and `processes`.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer, Schema } from "effect"
import { PersistedQueue } from "effect/persistence"
import { database } from "../../src/experiments/cluster/connect.ts"
import { RunError } from "../../src/experiments/run-error.ts"
import { parseAddress } from "../../src/ops/postgres/address.ts"
import { binaries, openPostgres } from "../experiments/cluster/postgres.ts"
import { type Program, program, ready, startWorker } from "../experiments/cluster/programs.ts"
import { PATCHES, preparing } from "../experiments/ranges/example.ts"
import type { Figure } from "./harness.ts"
import { ProcessorTime } from "./processor-time.ts"

interface Sizes {
  /** Sleeping ranges, and the seconds of each. */
  readonly ranges: number
  readonly seconds: number
  /** Cells of the sweep. */
  readonly cells: number
  /** Epochs over the patches: of the extraction by processes, of that whose overhead is measured, of each cell. */
  readonly epochs: readonly [processes: number, overhead: number, cell: number]
  /** How often the overhead is measured. */
  readonly rounds: number
}
const FULL: Sizes = { ranges: 40, seconds: 0.5, cells: 6, epochs: [60, 30, 6], rounds: 3 }
const SMALL: Sizes = { ranges: 4, seconds: 0.5, cells: 2, epochs: [1, 1, 1], rounds: 1 }

const figure = (name: string, ours: number, other: number, bound: string, most: number, unit = "s"): Figure => ({
  ...{ name, ours, other, ratio: ours / other, unit, bound, holds: ours / other <= most }
})

/** How long a program ran, and the processor time of it and of all programs that it started. */
interface Took {
  readonly seconds: number
  readonly processor: number
}

/** Runs a program to its end, and counts the processor time of others with it. */
const took = async (one: Program, begun: number, others: ReadonlyArray<Program> = []): Promise<Took> => {
  const time = new ProcessorTime([one, ...others].map(({ process: { pid = 0 } }) => pid))
  const code = await one.ended
  const processor = time.end()
  if (code !== 0) throw new Error(one.said())
  return { seconds: (performance.now() - begun) / 1000, processor }
}

const timed = (args: ReadonlyArray<string>, cwd: string, url?: string): Promise<Took> =>
  took(program("run.ts", args, cwd, url), performance.now())

const started = (count: number, home: string, url: string): ReadonlyArray<Program> =>
  Array.from({ length: count }, () => startWorker(home, url))

/** Some workers that are ready; ends them afterwards. */
const withWorkers = async <A>(count: number, home: string, url: string, use: () => Promise<A>): Promise<A> => {
  const workers = started(count, home, url)
  try {
    await ready(workers)
    return await use()
  } finally {
    for (const one of workers) one.process.kill("SIGKILL")
  }
}

/** A run and one worker that begins with it; the processor time is that of both. */
const byOneWorker = async (args: ReadonlyArray<string>, home: string, url: string): Promise<Took> => {
  const [begun, workers] = [performance.now(), started(1, home, url)]
  try {
    return await took(program("run.ts", [...args, "--cluster"], home, url), begun, workers)
  } finally {
    for (const one of workers) one.process.kill("SIGKILL")
  }
}

/** Seconds that a number of takers need for sleeping ranges, through the queue with the settings of a cluster. */
const sleeping = (url: string, takers: number, { ranges, seconds }: Sizes): Promise<number> => {
  const name = `bench/${Math.random()}`
  const queue = PersistedQueue.make({ name, schema: Schema.Struct({ i: Schema.Number }) })
  const layer = database(parseAddress(url, "bench", RunError))
  let done = 0
  const taker = Effect.gen(function* () {
    const tasks = yield* queue
    yield* tasks
      .take(() =>
        Effect.andThen(
          Effect.sleep(`${seconds} seconds`),
          Effect.sync(() => void done++)
        )
      )
      .pipe(Effect.forever)
  }).pipe(Effect.provide(Layer.fresh(layer)))
  const whole = Effect.gen(function* () {
    const tasks = yield* queue
    const begun = performance.now()
    for (let i = 0; i < ranges; i++) yield* tasks.offer({ i }, { id: `${name}/${i}` })
    yield* Effect.forEach(Array.from({ length: takers }), () => Effect.forkScoped(taker))
    while (done < ranges) yield* Effect.sleep("20 millis")
    return (performance.now() - begun) / 1000
  })
  return Effect.runPromise(Effect.scoped(Effect.provide(whole, layer)))
}

/** Embeds the patches of the miniature, epoch after epoch, so that a range takes some seconds. */
const extracting = (home: string, epochs: number, name = "extract.yaml"): string => {
  const file = join(home, name)
  writeFileSync(
    file,
    `device: wasm
threads: 1
root_dir: data
pipelines:
  extract:
    - read: { split: train, from: patches.lmdb, bands: s2-10m+20m, nomenclature: "19", epochs: ${epochs} }
    - crop: { size: 64, at: centre }
    - normalise: { by: bigearthnet }
    - batch: { size: 16 }
    - embed: { model: { backbone: resnet18, pooling: avg, channels: 10, num_classes: 19 }, weights: initial }
    - save: { to: embeddings }
`
  )
  return file
}

const sweeping = (home: string, { cells, epochs: [, , epochs] }: Sizes): string => {
  const file = join(home, "sweep.yaml")
  writeFileSync(
    join(home, "cell.yaml"),
    `${readFileSync(extracting(home, epochs, "cell.yaml"), "utf8")}  test:
    - embeddings: { from: data/E.npy, labels: data/E.csv }
    - rank: { queries: 0.5, seed: 24 }
    - measure: { at: [5], per_query: queries }
`
  )
  const crops = Array.from({ length: cells / 2 }, (_, i) => 64 - 4 * i)
  writeFileSync(
    file,
    `sweep:\n  of: cell.yaml\n  over: { seed: [1, 2], extract.crop.size: [${crops.join(", ")}] }\n  resamples: 10\n`
  )
  return file
}

/** Ranges of several seconds each, so that the opening of store and network counts as it does in use; two processes share them evenly. */
const RANGES = 8

const rangeOf = (epochs: number): number => Math.ceil((0.7 * PATCHES * epochs) / RANGES)

/**
 * Processor time that ranges cost, without the start of programs: a long extraction less a short one, by a cluster with one
 * worker and in one piece. The four runs follow each other in each round, so that a machine that grows slower slows them all.
 */
const overhead = async (home: string, url: string, { epochs: [, epochs], rounds }: Sizes): Promise<Figure> => {
  const few = Math.ceil(epochs / 20)
  const files = { short: extracting(home, few, "short.yaml"), long: extracting(home, epochs, "long.yaml") }
  const ranges = { short: Math.ceil((0.7 * PATCHES * few) / 2), long: rangeOf(epochs) }
  const all: Array<{ readonly work: number; readonly more: number }> = []
  for (let round = 0; round < rounds; round++) {
    const alone = async (size: "short" | "long") =>
      (await timed([files[size], "--out", `${size}-alone-${round}`], home)).processor
    const there = async (size: "short" | "long") => {
      const args = [files[size], "--set", `range=${ranges[size]}`, "--out", `${size}-there-${round}`]
      return (await byOneWorker(args, home, url)).processor
    }
    const fixed = { alone: await alone("short"), there: await there("short") }
    const [work, ranged] = [(await alone("long")) - fixed.alone, (await there("long")) - fixed.there]
    all.push({ work, more: ranged - work })
  }
  const { more, work } = all.sort((one, other) => one.more / one.work - other.more / other.work)[Math.floor(rounds / 2)]
  const name = `overhead of ranges of ${Math.round(work / RANGES)} s, of the processor time`
  return figure(name, more, work, "ratio at most 0.05", 0.05)
}

/** Sleeping ranges, by one worker and by two. */
const waiting = async (url: string, sizes: Sizes): Promise<ReadonlyArray<Figure>> => {
  const { ranges, seconds } = sizes
  const [one, two] = [await sleeping(url, 1, sizes), await sleeping(url, 2, sizes)]
  return [
    figure(`${ranges} ranges of ${seconds} s, two workers against one`, two, one, "ratio at most 0.6", 0.6),
    figure("the same on one worker against the sleep alone", one, ranges * seconds, "ratio at most 1.2", 1.2)
  ]
}

/**
 * An extraction by two processes of one thread each, against one such process; against one process with all processors; and two
 * such extractions at the same time against two in turn: a machine whose processors share caches or clocks allows no more.
 */
const byProcesses = async (home: string, { epochs: [epochs] }: Sizes): Promise<ReadonlyArray<Figure>> => {
  const extract = extracting(home, epochs)
  const ran = (out: string, ...more: ReadonlyArray<string>) =>
    timed([extract, "--out", out, "--set", `range=${rangeOf(epochs)}`, ...more], home)
  const single = await ran("one", "--processes", "1")
  const double = await ran("two", "--processes", "2")
  const begun = performance.now()
  await Promise.all([ran("left", "--processes", "1"), ran("right", "--processes", "1")])
  const both = (performance.now() - begun) / 1000
  const all = await ran("all", "--set", `threads=${availableParallelism()}`)
  const most = "ratio at most 0.59 (1.7 times as fast)"
  const none = "no bound"
  return [
    figure("extraction by two processes against one, one thread each", double.seconds, single.seconds, most, 1 / 1.7),
    figure("two extractions at a time against two in turn", both, 2 * single.seconds, none, Number.POSITIVE_INFINITY),
    figure(
      `two processes against one with ${availableParallelism()} threads`,
      double.seconds,
      all.seconds,
      none,
      Number.POSITIVE_INFINITY
    )
  ]
}

/** Six cells of a sweep, by one worker and by two. */
const cellsOfSweep = async (home: string, url: string, sizes: Sizes): Promise<Figure> => {
  mkdirSync(join(home, "data"), { recursive: true })
  // Of one epoch, so that every name occurs once.
  await timed([extracting(home, 1, "once.yaml"), "--out", "once"], home)
  for (const end of ["npy", "csv"])
    copyFileSync(join(home, "once", `embeddings.${end}`), join(home, "data", `E.${end}`))
  const sweep = sweeping(home, sizes)
  const swept = (out: string) => timed([sweep, "--out", out, "--cluster"], home, url)
  const one = await withWorkers(1, home, url, () => swept("sweep-1"))
  const two = await withWorkers(2, home, url, () => swept("sweep-2"))
  const name = `${sizes.cells} cells on two workers against one`
  return figure(name, two.seconds, one.seconds, "ratio at most 0.6", 0.6)
}

/** Figures of ranges and sweeps; of some parts, if words name them. */
export const clusters = async (words: ReadonlyArray<string>): Promise<ReadonlyArray<Figure>> => {
  if (binaries === undefined) throw new Error("PostgreSQL is not installed: apt-get install postgresql")
  const sizes = words.includes("small") ? SMALL : FULL
  const home = mkdtempSync(join(tmpdir(), "orbitrank-bench-"))
  const postgres = await openPostgres()
  const { url } = postgres
  const parts: Readonly<Record<string, () => Promise<ReadonlyArray<Figure>>>> = {
    sleeping: () => waiting(url, sizes),
    overhead: async () => (process.platform === "linux" ? [await overhead(home, url, sizes)] : []),
    processes: () => byProcesses(home, sizes),
    cells: async () => [await cellsOfSweep(home, url, sizes)]
  }
  const named = Object.keys(parts).filter((name) => words.includes(name))
  try {
    await timed([preparing(home), "--out", "prepared"], home)
    const figures: Array<Figure> = []
    for (const name of named.length === 0 ? Object.keys(parts) : named) figures.push(...(await parts[name]()))
    return figures
  } finally {
    await postgres.remove()
    rmSync(home, { recursive: true, force: true })
  }
}
