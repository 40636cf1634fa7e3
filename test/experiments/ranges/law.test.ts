/** Any cut of the work gives the same elements, tables and stores, in any order, with duplicates. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { inCode } from "../../../src/experiments/in-code.ts"
import * as operators from "../../../src/experiments/operators.ts"
import { language } from "../../../src/experiments/plan/plan.ts"
import { ChildDied, type Children } from "../../../src/experiments/ranges/children.ts"
import { dividing, type Makers } from "../../../src/experiments/ranges/division.ts"
import { makePart } from "../../../src/experiments/ranges/make-part.ts"
import { byChildren } from "../../../src/experiments/ranges/processes.ts"
import { openReader } from "../../../src/ops/data/stores/open-store.ts"
import type { Band } from "../../../src/ops/elements.ts"
import { makeStrips } from "../../../src/ops/show/strips/draw-strips.ts"
import { toStream } from "../../../src/pipeline/interpret.ts"
import { type AnyOperator, originOf } from "../../../src/pipeline/origin.ts"
import type { AnyPipeline } from "../../../src/pipeline/pipeline.ts"
import { random } from "../../../src/pipeline/random.ts"
import { segmentsOf } from "../../../src/pipeline/ranges.ts"
import { writeNpy } from "../../ops/retrieve/embeddings/npy.ts"
import { runs } from "../../runs.ts"
import { runHere } from "../in-process.ts"
import { writeTable } from "../table.ts"
import { preparing } from "./example.ts"

const { aqe, archive, augment, batch, crop, dba, decode, embed, embeddings, groundTruth, ja } = operators
const { measure, normalise, qe, rank, read, relabel, resize, save, search, store } = operators

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const IMAGES = 700
const [DIM, CLASSES] = [6, 5]
const [npy, csv] = [join(home, "E.npy"), join(home, "L.csv")]
const [queryNpy, queryCsv] = [join(home, "Q.npy"), join(home, "M.csv")]

beforeAll(async () => {
  const draw = random(1, 0, 0, "law")
  writeNpy(npy, Float32Array.from({ length: IMAGES * DIM }, draw.normal), IMAGES, DIM)
  writeTable(
    csv,
    Array.from({ length: IMAGES * CLASSES }, (_, i) => (i % CLASSES === 0 || draw.next() < 0.3 ? 1 : 0)),
    CLASSES
  )
  writeNpy(queryNpy, Float32Array.from({ length: 40 * DIM }, draw.normal), 40, DIM)
  writeTable(
    queryCsv,
    Array.from({ length: 40 * CLASSES }, (_, i) => (i % CLASSES === 0 ? 1 : 0)),
    CLASSES,
    "query"
  )
  expect((await runHere(preparing(home), [], { out: join(home, "prepared") })).error).toBe("")
  await run(source.pipe(groundTruth()), { folder: join(home, "truth") })
})

const source = embeddings({ from: npy, labels: csv })
const measures = measure({ at: [5, 50], metrics: ["original", "standard"], bootstrap: 20, per_query: "queries" })
const ranked = source.pipe(rank({ queries: 0.6, seed: 3 }))
/** Draws pictures of one colour, as there are no patches. */
const strips = makeStrips(() =>
  Effect.succeed(() =>
    Effect.succeed(
      ["B04", "B03", "B02"].map(
        (name): Band => ({ name, dtype: "uint8", height: 2, width: 2, data: new Uint8Array(4).fill(9) })
      )
    )
  )
)
const drawn = (which: "spread" | "extremes") => ranked.pipe(strips({ which, queries: 5, top: 3 }), measures)
const asked = embeddings({ from: queryNpy, labels: queryCsv })
const pipelines: Readonly<Record<string, AnyPipeline>> = {
  rank: ranked.pipe(measures),
  "spread strips": drawn("spread"),
  "strips of extremes": drawn("extremes"),
  "search, and strips of its results": source.pipe(search({ queries: asked, top: 4 }), strips({ queries: 5, top: 3 })),
  l2: source.pipe(rank({ queries: 0.6, seed: 3, by: "l2", block: 7 }), measures),
  qe: ranked.pipe(qe({ k: 4 }), measures),
  "dba and aqe": ranked.pipe(dba({ k: 3 }), aqe({ k: 4 }), measures),
  ja: ranked.pipe(ja(), measures),
  relabel: ranked.pipe(relabel({ from: join(home, "truth", "ground-truth.lmdb") }), measures)
}

const archived = join(home, "data", "miniature")
/** Two epochs, whose number of patches is not a multiple of the batch. */
const patches = read({
  ...{ split: "train", from: join(home, "data", "patches.lmdb"), lists: join(home, "data") },
  ...{ bands: "s2-10m+20m", nomenclature: "19", epochs: 2, shuffle: true }
} as const)
const network = { backbone: "resnet10-slim", pooling: "avg", channels: 10, num_classes: 19 } as const
const extraction = patches.pipe(
  augment({ h_flip: 1, rotate: 1, brightness: 1 }),
  resize({ size: 40 }),
  crop({ size: 32, at: "random" }),
  normalise({ by: "bigearthnet" }),
  batch({ size: 4 }),
  embed({ model: network, weights: "initial", predict: true }),
  save({ to: "embeddings" })
)
const storing = (to: string) => archive({ path: archived }).pipe(decode(), store({ to, transaction: 4 }))

/** Makes ranges in the given order, some twice, and hands their parts over as they come. */
const disordered = (order: ReadonlyArray<number>, twice: number): Makers => ({
  concurrency: "unbounded",
  elsewhere: true,
  open: ({ jobs, open, segment }) =>
    Effect.sync(() => {
      const turns = jobs.map((_, i) => i).sort((a, b) => order[a % order.length] - order[b % order.length] || a - b)
      let turn = 0
      return (job) =>
        Effect.gen(function* () {
          const mine = turns.indexOf(jobs.indexOf(job))
          while (turn !== mine) yield* Effect.sleep(1)
          const make = makePart({ segment, open, worker: "test", engine: () => undefined }, job.range, job.path)
          if (mine % twice === 0) yield* make
          const facts = yield* make
          turn++
          return facts
        })
    })
})

/** Processes that die as soon as they are asked for one of the ranges. */
const dying = (from: number, asked: Array<number>): Makers => {
  const children: Children = {
    size: 2,
    make: (task) => {
      asked.push(task.from)
      const died = new ChildDied({ subject: "range", problem: "its process ended (SIGSEGV)", remedy: "" })
      return task.from === from ? Effect.fail(died) : Effect.never
    }
  }
  const settings = { seed: 24, device: "cpu", precision: "float32", root_dir: home, experiment: "e" } as const
  return byChildren(children, settings)
}

interface How {
  /** Items per range; without it, the pipeline runs in one piece. */
  readonly size?: number
  readonly makers?: Makers
  readonly folder?: string
  readonly device?: "cpu" | "wasm"
}
let count = 0
const run = async (
  pipeline: AnyPipeline,
  { device = "cpu", makers = disordered([0], 1), size, ...given }: How = {}
) => {
  const folder = given.folder ?? join(home, `run-${count++}`, "out")
  mkdirSync(folder, { recursive: true })
  const facts = { size, settings: {}, engine: () => undefined }
  const ranges = size === undefined ? {} : { ranges: dividing(facts, makers) }
  const stream = toStream(pipeline, ranges) as Stream.Stream<unknown, unknown>
  const said: Array<string> = []
  const services = inCode({ folder, device, threads: 1, seed: 24, say: (line) => said.push(line) })
  const reports = await Effect.runPromise(Stream.runCollect(stream).pipe(Effect.provide(services)))
  rmSync(join(folder, "parts"), { recursive: true, force: true })
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const contents = files.map(({ name, parentPath }) => [name, readFileSync(join(parentPath, name)).toString("base64")])
  return { reports, files: contents.sort(), said: said.filter((line) => !line.startsWith("engine")) }
}

/** Draws sizes of ranges up to `most`, and who makes them when. */
const cuts = (most: number, check: (how: How) => Promise<void>) =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: most }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 7 }),
      fc.integer({ min: 1, max: 3 }),
      (size, order, twice) => check({ size, makers: disordered(order, twice) })
    ),
    runs(4)
  )

describe("a ranking in ranges", () => {
  for (const [name, pipeline] of Object.entries(pipelines)) {
    it(`gives the report and the table of one piece: ${name}`, async () => {
      const whole = await run(pipeline)
      await cuts(450, async (how) => {
        expect(await run(pipeline, how)).toEqual(whole)
      })
    })
  }
})

describe("an extraction in ranges", () => {
  it("gives the files of one piece", async () => {
    const { files } = await run(extraction, { device: "wasm" })
    expect(files.map(([name]) => name)).toContain("embeddings.predicted.csv")
    await cuts(100, async (how) => {
      expect((await run(extraction, { ...how, device: "wasm" })).files).toEqual(files)
    })
  }, 120_000)
})

describe("a store in ranges", () => {
  const contentsOf = (path: string) =>
    Effect.runPromise(
      Effect.scoped(
        Effect.map(openReader(path), (reader) =>
          [...reader.names()].map((name) => [name, Buffer.from(reader.read(name)).toString("base64")])
        )
      )
    )
  it("holds the values of one piece", async () => {
    const whole = join(home, "whole.lmdb")
    await run(storing(whole))
    const values = await contentsOf(whole)
    expect(values.length).toBeGreaterThan(50)
    let stores = 0
    await cuts(60, async (how) => {
      const path = join(home, `cut-${stores++}.lmdb`)
      await run(storing(path), how)
      expect(await contentsOf(path)).toEqual(values)
    })
  }, 60_000)
})

describe("every operator that can be part of a segment", () => {
  it("is in one of these pipelines", () => {
    const all: ReadonlyArray<AnyPipeline> = [...Object.values(pipelines), extraction, storing("any")]
    const inSegments = all.flatMap(({ steps }) =>
      segmentsOf(steps).flatMap(({ from, to }) => steps.slice(from, to + 1).map((step) => originOf(step).operator.name))
    )
    const splits = ({ each, parts, ranges }: AnyOperator) => [each, parts, ranges].some((one) => one !== undefined)
    const named = language.operators.filter(splits).map(({ name }) => name)
    expect([...new Set(inSegments)].sort()).toEqual([...named].sort())
  })
})

describe("a range that ends its process", () => {
  it("fails the run after three attempts, and is named", async () => {
    const asked: Array<number> = []
    const failure = run(pipelines.rank, { size: 64, makers: dying(64, asked) })
    await expect(failure).rejects.toThrow("range 64 to 128 of pipeline: its process ended (SIGSEGV), 3 times.")
    expect(asked.filter((from) => from === 64)).toHaveLength(3)
  })
})
