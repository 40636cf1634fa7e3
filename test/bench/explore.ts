/** The explorer of 20,000 images: its size without pictures, and the first search from the text of its scripts. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import type { Embeddings } from "../../src/ops/elements.ts"
import { Run } from "../../src/ops/run.ts"
import { explore } from "../../src/ops/show/explore/explore.ts"
import { bytesFrom } from "../../src/ops/show/explore/kit/base64.ts"
import { best } from "../../src/ops/show/explore/kit/query.ts"
import { codedCosines, cosines, rowOf, type Vectors, valuesOf } from "../../src/ops/show/explore/kit/vectors.ts"
import { random } from "../../src/pipeline/random.ts"
import { fakeRun } from "../ops/fake-run.ts"
import { type Figure, inTurn, processorTime } from "./harness.ts"

const [COUNT, DIM, CLASSES, GROUPS] = [20_000, 256, 19, 200]

/** Unit vectors around 200 centres, with the labels of the centres. */
const synthetic = (): Embeddings => {
  const draw = random(1, 0, 0, "archive")
  const centres = Float32Array.from({ length: GROUPS * DIM }, () => draw.normal())
  const sets = Uint8Array.from({ length: GROUPS * CLASSES }, () => (draw.next() < 0.15 ? 1 : 0))
  const vectors = new Float32Array(COUNT * DIM)
  const labels = new Uint8Array(COUNT * CLASSES)
  for (let i = 0; i < COUNT; i++) {
    const group = draw.int(GROUPS)
    for (let k = 0; k < DIM; k++) vectors[i * DIM + k] = centres[group * DIM + k] + 0.8 * draw.normal()
    labels.set(sets.subarray(group * CLASSES, (group + 1) * CLASSES), i * CLASSES)
  }
  const names = Array.from({ length: COUNT }, (_, i) => `S2A_MSIL2A_20170613T101031_${i % 100}_${Math.floor(i / 100)}`)
  const classes = Array.from({ length: CLASSES }, (_, c) => `class ${c}`)
  return { kind: "embeddings", size: COUNT, dim: DIM, names, vectors, labels, classes }
}

const written = (folder: string) =>
  Effect.gen(function* () {
    const { run } = yield* fakeRun
    const given = { images: "nothing", without_images: "skip", umap: false } as const
    const step = explore.run({ ...defaults(), ...given } as never, { expect: () => {} })
    yield* Stream.runDrain(
      step(Stream.make(synthetic()) as never) as unknown as Stream.Stream<Embeddings, Error, Run>
    ).pipe(Effect.provideService(Run, { ...run, folder }))
  }).pipe(Effect.scoped, Effect.runPromise)

const defaults = () =>
  Object.fromEntries(Object.entries(explore.params).map(([name, { fallback }]) => [name, fallback]))

/** Text of the vectors' scripts. */
const textsIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(folder, "data"))
    .filter((name) => name.startsWith("vectors-"))
    .sort()
    .map((name) => JSON.parse(/,(".*")\)/s.exec(readFileSync(join(folder, "data", name), "utf8"))?.[1] ?? '""'))

const opened = (texts: ReadonlyArray<string>): Vectors => {
  const pieces = texts.map((text) => {
    const values = valuesOf(bytesFrom(text), "int8")
    return { rows: values.length / DIM, values }
  })
  return { count: COUNT, dim: DIM, coding: "int8", pieces }
}

export const explorer = async (): Promise<ReadonlyArray<Figure>> => {
  const folder = mkdtempSync(join(tmpdir(), "orbitrank-bench-"))
  try {
    await written(folder)
    const bytes = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => statSync(join(folder, name)))
      .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)
    const texts = textsIn(folder)
    const first = () => {
      const vectors = opened(texts)
      return best(cosines(vectors, rowOf(vectors, 7)), undefined, new Set([7]), 60)
    }
    const plainly = () => {
      const vectors = opened(texts)
      const scores = new Float64Array(COUNT)
      let before = 0
      for (const piece of vectors.pieces) {
        codedCosines(rowOf(vectors, 7), piece, scores.subarray(before, before + piece.rows))
        before += piece.rows
      }
      return best(scores, undefined, new Set([7]), 60)
    }
    const { other, ours, ratio } = await inTurn(first, plainly, 7, processorTime)
    const megabytes = bytes / 1e6
    return [
      {
        name: "explorer of 20,000 images: size without pictures",
        ours: megabytes,
        other: 15,
        ratio: megabytes / 15,
        unit: "MB",
        bound: "below 15 MB",
        holds: megabytes < 15
      },
      {
        name: "explorer of 20,000 images: vectors read and first search, by SIMD",
        ours,
        other,
        ratio,
        unit: "ms",
        bound: "ours below 100 ms",
        holds: ours < 100
      }
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
