/**
 * The explorer: the making of it, its size, recall@10 of its codes, the first and the next search from the text of its scripts,
 * and, with Chromium and Playwright, the first picture and the searches on the page opened from disk. `npm run bench -- explore
 * 590000` takes another number of images than 20,000.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import type { Embeddings } from "../../src/ops/elements.ts"
import { Run } from "../../src/ops/run.ts"
import { explore } from "../../src/ops/show/explore/explore.ts"
import { bytesFrom } from "../../src/ops/show/explore/kit/base64.ts"
import type { Contents } from "../../src/ops/show/explore/kit/contents.ts"
import { best } from "../../src/ops/show/explore/kit/query.ts"
import { cosines, rowOf, type Vectors, valuesOf } from "../../src/ops/show/explore/kit/vectors.ts"
import { partIn } from "../../src/ops/show/explore/serve.ts"
import { random } from "../../src/pipeline/random.ts"
import { fakeRun } from "../ops/fake-run.ts"
import { inBrowser } from "./explore-browser.ts"
import { addPictures } from "./explore-pictures.ts"
import { type Figure, inTurn, processorTime } from "./harness.ts"

const [CLASSES, GROUPS, BATCH] = [19, 400, 4_096]

/** Axes along which the images of a group differ: embeddings of images fill few of their dimensions. */
const VARIED = 12

/** Dimensions of archives of different sizes: vectors of 590,000 images then fit a page. */
const dimOf = (count: number): number => (count > 100_000 ? 128 : 256)

/** Vectors around the centres of groups, with the labels of the groups, in batches. */
const synthetic = (count: number): Iterable<Embeddings> => {
  const dim = dimOf(count)
  const draw = random(1, 0, 0, "archive")
  const centres = Float32Array.from({ length: GROUPS * dim }, () => draw.normal())
  const axes = Float32Array.from({ length: VARIED * dim }, () => draw.normal())
  const sets = Uint8Array.from({ length: GROUPS * CLASSES }, () => (draw.next() < 0.15 ? 1 : 0))
  const classes = Array.from({ length: CLASSES }, (_, c) => `class ${c}`)
  const batch = (from: number): Embeddings => {
    const size = Math.min(BATCH, count - from)
    const vectors = new Float32Array(size * dim)
    const labels = new Uint8Array(size * CLASSES)
    for (let i = 0; i < size; i++) {
      const group = draw.int(GROUPS)
      const along = Array.from({ length: VARIED }, () => 0.4 * draw.normal())
      for (let k = 0; k < dim; k++) {
        let value = centres[group * dim + k] + 0.1 * draw.normal()
        for (let axis = 0; axis < VARIED; axis++) value += along[axis] * axes[axis * dim + k]
        vectors[i * dim + k] = value
      }
      labels.set(sets.subarray(group * CLASSES, (group + 1) * CLASSES), i * CLASSES)
    }
    const names = Array.from({ length: size }, (_, i) => {
      const image = from + i
      return `S2A_MSIL2A_20170613T101031_${image % 100}_${Math.floor(image / 100)}`
    })
    return { kind: "embeddings", size, dim, names, vectors, labels, classes }
  }
  return (function* () {
    for (let from = 0; from < count; from += BATCH) yield batch(from)
  })()
}

/** Makes the page; returns seconds, and the most memory in bytes. */
const written = async (folder: string, count: number) => {
  const begun = performance.now()
  let memory = 0
  const watch = setInterval(() => {
    memory = Math.max(memory, process.memoryUsage.rss())
  }, 200)
  await Effect.gen(function* () {
    const { run } = yield* fakeRun
    const given = { images: "nothing", without_images: "skip" } as const
    const step = explore.run({ ...defaults(), ...given } as never, { expect: () => {} })
    yield* Stream.runDrain(
      step(Stream.fromIterable(synthetic(count)) as never) as unknown as Stream.Stream<Embeddings, Error, Run>
    ).pipe(Effect.provideService(Run, { ...run, folder }))
  }).pipe(Effect.scoped, Effect.runPromise)
  clearInterval(watch)
  return { seconds: (performance.now() - begun) / 1000, memory }
}

const defaults = () =>
  Object.fromEntries(Object.entries(explore.params).map(([name, { fallback }]) => [name, fallback]))

/** Text of the vectors' scripts. */
const textsIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(folder, "data"))
    .filter((name) => name.startsWith("vectors-"))
    .sort()
    .map((name) => partIn(folder, name.replace(/\.js$/, "")) as string)

const opened = (texts: ReadonlyArray<string>, { coding, count, dim }: Contents): Vectors => {
  const pieces = texts.map((text) => {
    const values = valuesOf(bytesFrom(text), coding)
    return { rows: values.length / dim, values }
  })
  return { count, dim, coding, pieces }
}

/** A figure with a bound of its own. */
const bounded = (name: string, ours: number, most: number, unit: string): Figure => ({
  ...{ name, ours, unit, other: most, ratio: ours / most },
  bound: `below ${most} ${unit}`,
  holds: ours < most
})

/** A figure that should reach a bound. */
const reached = (name: string, ours: number, least: number): Figure => ({
  ...{ name, ours, unit: "", other: least, ratio: ours / least },
  bound: `at least ${least}`,
  holds: ours >= least
})

/** Bounds in milliseconds: of the first search from the text of the scripts, and of the next one. */
const boundsOf = (count: number) => (count > 20_000 ? { first: 3000, next: 300 } : { first: 100, next: 100 })

const sizeOf = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)

/** Figures of the written page, before and without pictures. */
const figuresOf = async (folder: string, contents: Contents, name: string): Promise<ReadonlyArray<Figure>> => {
  const { count, recall } = contents
  const texts = textsIn(folder)
  const search = (vectors: Vectors) => best(cosines(vectors, rowOf(vectors, 7)), undefined, new Set([7]), 60)
  const ready = opened(texts, contents)
  const { other, ours } = await inTurn(
    () => search(opened(texts, contents)),
    () => search(ready),
    count > 100_000 ? 3 : 7,
    processorTime
  )
  const bounds = boundsOf(count)
  const code = statSync(join(folder, "page.js")).size
  return [
    bounded(`${name}: size without pictures`, sizeOf(folder) / 1e6, count * 7.5e-4, "MB"),
    bounded(`${name}: code of the page`, code / 1e3, 150, "kB"),
    reached(`${name}: recall@10 of ${contents.coding}, ${recall?.queries} queries`, recall?.share ?? 1, 0.98),
    bounded(`${name}: vectors read and first search in Node`, ours, bounds.first, "ms"),
    bounded(`${name}: next search in Node`, other, bounds.next, "ms")
  ]
}

/** Figures of the page made for so many images. */
const explored = async (count: number): Promise<ReadonlyArray<Figure>> => {
  const folder = mkdtempSync(join(tmpdir(), "orbitrank-bench-"))
  const name = `explorer of ${count} images`
  try {
    const { memory, seconds } = await written(folder, count)
    const contents = partIn(folder, "contents") as Contents
    const figures = await figuresOf(folder, contents, name)
    await addPictures(folder, contents)
    const bounds = boundsOf(count)
    return [
      bounded(`${name}: made`, seconds, 600, "s"),
      bounded(`${name}: memory while it is made`, memory / 1e9, 4, "GB"),
      ...figures,
      ...(await inBrowser(join(folder, "index.html"))).map(({ milliseconds, what }) =>
        bounded(`${name}: ${what} in Chromium`, milliseconds, what === "first picture" ? 3000 : bounds.next, "ms")
      )
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The benchmark, of 20,000 images or of the numbers given. */
export const explorer = async (counts: ReadonlyArray<string> = []): Promise<ReadonlyArray<Figure>> => {
  const figures: Array<Figure> = []
  for (const count of counts.length === 0 ? [20_000] : counts.map(Number)) figures.push(...(await explored(count)))
  return figures
}
