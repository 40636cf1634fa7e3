/**
 * The bounds of ranges and sweeps, by `npm run bench -- --cluster`: a real PostgreSQL on loopback, and workers beside the
 * run. `--cluster small` takes a minute and shows that the benchmark works; its figures say little.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { Effect, Layer, Schema } from "effect"
import { PersistedQueue } from "effect/persistence"
import { database } from "../../src/experiments/cluster/connect.ts"
import { RunError } from "../../src/experiments/run-error.ts"
import { parseAddress } from "../../src/ops/postgres/address.ts"
import { loaderOf } from "../../src/pipeline/loader.ts"
import { binaries, openPostgres } from "../experiments/cluster/postgres.ts"
import { PATCHES, preparing } from "../experiments/ranges/example.ts"
import type { Figure } from "./harness.ts"

const SOURCE = resolve(import.meta.dirname, "../../src/experiments")

interface Sizes {
  /** Sleeping ranges, and the seconds of each. */
  readonly ranges: number
  readonly seconds: number
  /** Cells of the sweep. */
  readonly cells: number
  /** Epochs over the patches of the extraction. */
  readonly epochs: number
}
const FULL: Sizes = { ranges: 40, seconds: 0.5, cells: 6, epochs: 40 }
const SMALL: Sizes = { ranges: 4, seconds: 0.5, cells: 2, epochs: 1 }

const figure = (name: string, ours: number, other: number, bound: string, most: number, unit = "s"): Figure => ({
  ...{ name, ours, other, ratio: ours / other, unit, bound, holds: ours / other <= most }
})

const started = (file: string, args: ReadonlyArray<string>, cwd: string, url?: string): ChildProcess => {
  const env = { ...process.env, ...(url === undefined ? {} : { ORBITRANK_CLUSTER: url }) }
  return spawn(process.execPath, [...loaderOf(file), join(SOURCE, file), ...args], { cwd, env, stdio: "pipe" })
}

/** Runs a program to its end; gives its seconds. */
const timed = (file: string, args: ReadonlyArray<string>, cwd: string, url?: string): Promise<number> =>
  new Promise((done, failed) => {
    const begun = performance.now()
    let said = ""
    const child = started(file, args, cwd, url)
    child.stderr?.on("data", (text: Buffer) => (said += text))
    child.on("exit", (code) => (code === 0 ? done((performance.now() - begun) / 1000) : failed(new Error(said))))
  })

/** Some workers that are ready; ends them afterwards. */
const withWorkers = async <A>(count: number, home: string, url: string, use: () => Promise<A>): Promise<A> => {
  const workers = Array.from({ length: count }, () =>
    started("worker-main.ts", ["--shared", home, "--device", "wasm", "--threads", "1"], home, url)
  )
  await Promise.all(
    workers.map(
      (one) =>
        new Promise<void>((ready) =>
          one.stderr?.on("data", (text: Buffer) => String(text).includes("orbitrank worker") && ready())
        )
    )
  )
  try {
    return await use()
  } finally {
    for (const one of workers) one.kill("SIGKILL")
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
const extracting = (home: string, { epochs }: Sizes): string => {
  const file = join(home, "extract.yaml")
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

const sweeping = (home: string, { cells, epochs }: Sizes): string => {
  const file = join(home, "sweep.yaml")
  writeFileSync(
    join(home, "cell.yaml"),
    `${readFileSync(extracting(home, { ...FULL, epochs: Math.ceil(epochs / 4) }), "utf8")}  test:
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

/** Figures of ranges and sweeps. */
export const clusters = async (words: ReadonlyArray<string>): Promise<ReadonlyArray<Figure>> => {
  if (binaries === undefined) throw new Error("PostgreSQL is not installed: apt-get install postgresql")
  const sizes = words.includes("small") ? SMALL : FULL
  const home = mkdtempSync(join(tmpdir(), "orbitrank-bench-"))
  const postgres = await openPostgres()
  const { url } = postgres
  try {
    const [one, two] = [await sleeping(url, 1, sizes), await sleeping(url, 2, sizes)]
    const work = sizes.ranges * sizes.seconds
    await timed("main.ts", [preparing(home), "--out", "prepared"], home)
    const extract = extracting(home, sizes)
    // Five ranges of several seconds each, so that the opening of store and network counts as it does in use.
    const range = Math.ceil((0.7 * PATCHES * sizes.epochs) / 5)
    const ran = (out: string, ...more: ReadonlyArray<string>) =>
      timed("main.ts", [extract, "--out", out, "--set", `range=${range}`, ...more], home)
    const alone = await ran("alone")
    const [single, double] = [await ran("one", "--processes", "1"), await ran("two", "--processes", "2")]
    mkdirSync(join(home, "data"), { recursive: true })
    for (const [from, to] of [
      ["npy", "E.npy"],
      ["csv", "E.csv"]
    ] as const)
      writeFileSync(join(home, "data", to), readFileSync(join(home, "alone", `embeddings.${from}`)))
    const sweep = sweeping(home, sizes)
    const swept = (out: string) => timed("main.ts", [sweep, "--out", out, "--cluster"], home, url)
    const cellsByOne = await withWorkers(1, home, url, () => swept("sweep-1"))
    const cellsByTwo = await withWorkers(2, home, url, () => swept("sweep-2"))
    return [
      figure(
        `${sizes.ranges} ranges of ${sizes.seconds} s, two workers against one`,
        two,
        one,
        "ratio at most 0.6",
        0.6
      ),
      figure("the same on one worker against the sleep alone", one, work, "ratio at most 1.2", 1.2),
      figure(
        "extraction in ranges by one process against one piece's process",
        single,
        alone,
        "ratio at most 1.05",
        1.05
      ),
      figure(
        "extraction by two processes against one",
        double,
        single,
        "ratio at most 0.59 (1.7 times as fast)",
        1 / 1.7
      ),
      figure(`${sizes.cells} cells on two workers against one`, cellsByTwo, cellsByOne, "ratio at most 0.6", 0.6)
    ]
  } finally {
    await postgres.remove()
    rmSync(home, { recursive: true, force: true })
  }
}
