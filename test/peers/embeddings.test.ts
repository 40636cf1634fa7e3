/** Embeddings that NumPy, safetensors and Arrow write are read, and what `save` writes is read by them. */
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { describe, expect } from "vitest"
import type { Embeddings } from "../../src/ops/elements.ts"
import { embeddings } from "../../src/ops/retrieve/embeddings/embeddings.ts"
import { FORM_NAMES } from "../../src/ops/retrieve/embeddings/embeddings-file.ts"
import { save } from "../../src/ops/retrieve/embeddings/save.ts"
import { Run } from "../../src/ops/run.ts"
import { toStream } from "../../src/pipeline/interpret.ts"
import { fakeRun } from "../ops/fake-run.ts"
import { peer } from "./python.ts"

describe("embeddings", () => {
  peer("of NumPy, safetensors and Arrow are read", ["numpy", "pyarrow", "safetensors"], async (python) => {
    const program = Effect.gen(function* () {
      const { folder, run } = yield* fakeRun
      const { int8, names, values } = (yield* Effect.promise(() => python("embeddings_write", folder))) as {
        readonly values: ReadonlyArray<number>
        readonly int8: ReadonlyArray<number>
        readonly names: ReadonlyArray<string>
      }
      const read = (file: string, labels?: string) =>
        Effect.provideService(
          Stream.runCollect(toStream(embeddings({ from: join(folder, file), labels: labels && join(folder, labels) }))),
          Run,
          run
        )
      const numbers = Array.from({ length: 7 }, (_, i) => String(i))
      const own = new Set(["plain.npz", "geo.parquet", "fixed.parquet", "half.parquet"])
      const files = ["half.npy", "single.npy", "double.npy", "half.safetensors", "packed.npz", ...own]
      for (const file of files) {
        const found = yield* read(file)
        expect(found.flatMap(({ vectors }) => [...vectors])).toEqual(values)
        expect(found.flatMap(({ names }) => names)).toEqual(own.has(file) ? names : numbers)
      }
      expect((yield* read("int8.npy")).flatMap(({ vectors }) => [...vectors])).toEqual(int8)
      const [geo] = yield* read("geo.parquet")
      expect(geo.classes).toEqual(["a", "b", "c"])
      expect([...geo.labels].slice(0, 9)).toEqual([1, 0, 0, 1, 1, 0, 0, 0, 0])
      expect(geo.facts?.[2]).toEqual({ date: "1970-01-03T00:00:00.000Z", longitude: "12", latitude: "48" })
      const [labelled] = yield* read("half.npy", "labels.npy")
      expect([...labelled.labels].slice(0, 6)).toEqual([1, 0, 0, 0, 1, 0])
    })
    await Effect.runPromise(Effect.scoped(program))
  })

  peer("that `save` writes are read by them", ["numpy", "pyarrow", "safetensors"], async (python) => {
    const program = Effect.gen(function* () {
      const { folder, run } = yield* fakeRun
      const rows = Array.from({ length: 200 }, (_, i) => [Math.fround(i / 3), -i, 0.5])
      const batch = (from: number, to: number): Embeddings => ({
        ...{ kind: "embeddings", size: to - from, dim: 3, classes: ["See", "Öde, weit"] },
        names: rows.slice(from, to).map((_, i) => `Kachel ${from + i} 🌍`),
        vectors: Float32Array.from(rows.slice(from, to).flat()),
        labels: Uint8Array.from({ length: 2 * (to - from) }, (_, i) => ((2 * from + i) % 3 === 0 ? 1 : 0)),
        facts: rows.slice(from, to).map((_, i) => ({ row: String(from + i) }))
      })
      for (const form of FORM_NAMES) {
        const saved = save.run({ as: form, to: "e" } as never, { expect: () => {} })(
          Stream.make(batch(0, 70), batch(70, 200)) as never
        ) as unknown as Stream.Stream<Embeddings, Error, Run>
        yield* Effect.provideService(Stream.runDrain(saved), Run, run)
      }
      const found = (yield* Effect.promise(() => python("embeddings_read", folder))) as Record<string, never>
      const labels = rows.map((_, i) => [(2 * i) % 3 === 0 ? 1 : 0, (2 * i + 1) % 3 === 0 ? 1 : 0])
      const [names, classes] = [rows.map((_, i) => `Kachel ${i} 🌍`), ["See", "Öde, weit"]]
      expect(found.npy).toEqual(rows)
      expect(found.npz).toEqual({ embeddings: rows, labels, names, classes })
      expect(found.safetensors).toEqual({ embeddings: rows, labels, classes })
      expect(found.parquet).toEqual({
        name: names,
        embedding: rows,
        labels: labels.map((row) => classes.filter((_, c) => row[c] === 1)),
        facts: rows.map((_, i) => JSON.stringify({ row: String(i) }))
      })
    })
    await Effect.runPromise(Effect.scoped(program))
  })
})
