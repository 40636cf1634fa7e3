/** Any cut of a ranking and its measures gives the same report and the same table, in any order, with duplicates. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { inCode } from "../../../src/experiments/in-code.ts"
import { aqe, dba, embeddings, ja, measure, qe, rank, search } from "../../../src/experiments/operators.ts"
import { ChildDied, type Children } from "../../../src/experiments/ranges/children.ts"
import { dividing, type Makers } from "../../../src/experiments/ranges/division.ts"
import { makePart } from "../../../src/experiments/ranges/make-part.ts"
import { byChildren } from "../../../src/experiments/ranges/processes.ts"
import type { Band } from "../../../src/ops/elements.ts"
import { makeStrips } from "../../../src/ops/show/strips/draw-strips.ts"
import { toStream } from "../../../src/pipeline/interpret.ts"
import type { AnyPipeline } from "../../../src/pipeline/pipeline.ts"
import { random } from "../../../src/pipeline/random.ts"
import { writeNpy } from "../../ops/retrieve/embeddings/npy.ts"
import { runs } from "../../runs.ts"
import { writeTable } from "../table.ts"

const home = mkdtempSync(join(tmpdir(), "orbitrank-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const IMAGES = 700
const [DIM, CLASSES] = [6, 5]
const [npy, csv] = [join(home, "E.npy"), join(home, "L.csv")]
const [queryNpy, queryCsv] = [join(home, "Q.npy"), join(home, "M.csv")]

beforeAll(() => {
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
  ja: ranked.pipe(ja(), measures)
}

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

let count = 0
const run = async (pipeline: AnyPipeline, size?: number, makers: Makers = disordered([0], 1)) => {
  const folder = join(home, `run-${count++}`, "out")
  mkdirSync(folder, { recursive: true })
  const facts = { size, settings: {}, engine: () => undefined }
  const ranges = size === undefined ? {} : { ranges: dividing(facts, makers) }
  const stream = toStream(pipeline, ranges) as Stream.Stream<unknown, unknown>
  const said: Array<string> = []
  const services = inCode({ folder, device: "cpu", threads: 1, seed: 24, say: (line) => said.push(line) })
  const reports = await Effect.runPromise(Stream.runCollect(stream).pipe(Effect.provide(services)))
  rmSync(join(folder, "parts"), { recursive: true, force: true })
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const contents = files.map(({ name, parentPath }) => [name, readFileSync(join(parentPath, name)).toString("base64")])
  return { reports, files: contents.sort(), said: said.filter((line) => !line.startsWith("engine")) }
}

describe("a ranking in ranges", () => {
  for (const [name, pipeline] of Object.entries(pipelines)) {
    it(`gives the report and the table of one piece: ${name}`, async () => {
      const whole = await run(pipeline)
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 450 }),
          fc.array(fc.nat(), { minLength: 1, maxLength: 7 }),
          fc.integer({ min: 1, max: 3 }),
          async (size, order, twice) => {
            expect(await run(pipeline, size, disordered(order, twice))).toEqual(whole)
          }
        ),
        runs(4)
      )
    })
  }
})

describe("a range that ends its process", () => {
  it("fails the run after three attempts, and is named", async () => {
    const asked: Array<number> = []
    const failure = run(pipelines.rank, 64, dying(64, asked))
    await expect(failure).rejects.toThrow("range 64 to 128 of pipeline: its process ended (SIGSEGV), 3 times.")
    expect(asked.filter((from) => from === 64)).toHaveLength(3)
  })
})
