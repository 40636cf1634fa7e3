/** From embeddings to maps and figures. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { cut, type Range } from "../../../../pipeline/splits.ts"
import { readSplitFile } from "../../../data/splits/name-lists.ts"
import { joined } from "../../../joined.ts"
import { normaliseRows } from "../../../retrieve/unit-length.ts"
import { workerPool } from "../../../workers/pool.ts"
import { MOST_THREADS, Threads } from "../../../workers/threads.ts"
import type { Collected } from "../collected.ts"
import { textFrom } from "../kit/base64.ts"
import type { Figures, Pair } from "../kit/figures.ts"
import type { Job, Jobs, Known } from "./analysis-work.ts"
import { ended } from "./layout.ts"
import { membersOf, type Neighbours, neighboursFor } from "./neighbours.ts"

/** Multiplications of the pass of queries: some seconds. */
const BUDGET = 4e9

const SPLITS = ["train", "val", "test"] as const

/** The split of each image by the lists under `root`, as a number; -1 if none names it, or if there are no lists. */
export const splitsOf = (root: string, names: ReadonlyArray<string>): Int8Array => {
  const split = new Map<string, number>()
  SPLITS.forEach((name, number) => {
    const file = join(root, `${name}.csv`)
    if (!existsSync(file) || readFileSync(file).length === 0) return
    for (const one of readSplitFile(file, name)) split.set(one, number)
  })
  return Int8Array.from(names, (name) => split.get(name) ?? -1)
}

/** Images of each class, and of each two classes. */
const countsOf = ({ classes, count, labels }: Collected) => {
  const width = classes.length
  const together = new Array<number>(width * width).fill(0)
  for (let image = 0; image < count; image++) {
    const own = classes.flatMap((_, c) => (labels[image * width + c] === 1 ? [c] : []))
    for (const a of own) for (const b of own) together[a * width + b]++
  }
  return { together, sizes: classes.map((_, c) => together[c * width + c]) }
}

const namedSplits = (pairs: ReadonlyArray<Pair>, split: Int8Array): Figures["splits"] =>
  Object.fromEntries(pairs.flatMap((pair) => pair.slice(0, 2)).map((image) => [image, SPLITS[split[image]]]))

/** Copy in shared memory, so that threads need none of their own. */
const shared = (values: Uint8Array): Uint8Array => {
  const out = new Uint8Array(new SharedArrayBuffer(values.byteLength))
  out.set(values)
  return out
}

/** Images per task of a thread. */
const SHARE = 4_096

/** Runs jobs on threads that know the archive. */
const openJobs = Effect.fnUntraced(function* (known: Known) {
  const threads = Math.min(MOST_THREADS, yield* Threads)
  const module = new URL("./analysis-work.ts", import.meta.url)
  const pool = yield* workerPool<Job, unknown>({ module, size: threads, data: known })
  const run = <K extends keyof Jobs>(kind: K, input: Jobs[K]["in"]) =>
    Effect.map(pool.run({ kind, input } as Job), (output) => output as Jobs[K]["out"])
  const runParts = <K extends "place" | "assign" | "search">(
    kind: K,
    parts: ReadonlyArray<Range>,
    more: Omit<Jobs[K]["in"], "from" | "to">
  ) => Effect.forEach(parts, (part) => run(kind, { ...more, ...part } as Jobs[K]["in"]), { concurrency: threads })
  return { run, runParts }
})

type Runner = Effect.Success<ReturnType<typeof openJobs>>

/** Both maps. */
const mapped = Effect.fnUntraced(function* ({ run, runParts }: Runner, count: number, umap: boolean) {
  const begun = yield* run("map", { umap })
  const places = yield* runParts("place", cut(begun.fitted.length === 0 ? 0 : count, SHARE), { begun })
  return ended(begun, joined(places))
})

/** Finds the nearest images of all images. */
const compared = Effect.fnUntraced(function* ({ run, runParts }: Runner, count: number, neighbours: Neighbours) {
  const centres = yield* run("centres", {})
  yield* runParts("assign", cut(count, SHARE), { centres })
  yield* runParts("search", cut(neighbours.groups, 1), { members: membersOf(neighbours), centres })
})

/** Computes maps and figures in worker threads. */
export const analyse = Effect.fnUntraced(function* (all: Collected, root: string, seed: number, umap: boolean) {
  const { count, dim, labels } = all
  const split = splitsOf(root, all.names)
  const rows = new Float32Array(new SharedArrayBuffer(all.vectors.byteLength))
  rows.set(all.vectors)
  normaliseRows(rows, dim)
  const neighbours = neighboursFor(count)
  const labelled = { count, dim, rows, labels: shared(labels), split, classes: all.classes.length }
  const jobs = yield* openJobs({ all: labelled, neighbours, seed })
  const [layout, { ap, classes, curves, nearest, queries }] = yield* Effect.all(
    [mapped(jobs, count, umap), jobs.run("pass", { budget: BUDGET }), compared(jobs, count, neighbours)],
    { concurrency: "unbounded" }
  )
  const { recall, ...found } = yield* jobs.run("relations", { queries, nearest })
  const { compared: each, groups } = neighbours
  const figures: Figures = {
    ...{ queries: queries.length, ...countsOf(all), classes, curves, ...found, ap: textFrom(ap) },
    splits: namedSplits(found.across, split),
    neighbours: groups === 1 ? undefined : { compared: each, recall }
  }
  return { layout, figures }
})
