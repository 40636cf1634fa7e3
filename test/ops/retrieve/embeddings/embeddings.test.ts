import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Embeddings } from "../../../../src/ops/elements.ts"
import { embeddings } from "../../../../src/ops/retrieve/embeddings/embeddings.ts"
import { parseLabels, readLabels } from "../../../../src/ops/retrieve/embeddings/labels-file.ts"
import { save } from "../../../../src/ops/retrieve/embeddings/save.ts"
import { openNpy } from "../../../../src/ops/retrieve/embeddings/sources/npy.ts"
import { readRows } from "../../../../src/ops/retrieve/embeddings/sources/stored-rows.ts"
import { Run } from "../../../../src/ops/run.ts"
import { effect } from "../../../effect.ts"
import { fakeRun } from "../../fake-run.ts"
import { embeddings as batches } from "../cases.ts"
import { type NpyOptions, npyBytes } from "./npy.ts"

const self = { expect: () => {} }
const read = (from: string, labels: string) =>
  Stream.runCollect(embeddings.run({ from, labels }, self)(Stream.empty) as Stream.Stream<Embeddings, Error, Run>)

/** Matrices of floats, in float32 or float64. */
const matrices = fc
  .record({ rows: fc.integer({ min: 1, max: 9 }), columns: fc.integer({ min: 1, max: 7 }), double: fc.boolean() })
  .chain(({ columns, double, rows }) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      data: fc
        .array(fc.float({ noNaN: true }), { minLength: rows * columns, maxLength: rows * columns })
        .map((values) => (double ? Float64Array.from(values) : Float32Array.from(values)))
    })
  )

describe("embeddings", () => {
  effect("reads float32 and float64, any version of the header, and any rows of it", () =>
    Effect.gen(function* () {
      const { folder } = yield* fakeRun
      const path = join(folder, "e.npy")
      fc.assert(
        fc.property(matrices, fc.integer({ min: 1, max: 3 }), fc.nat(), ({ columns, data, rows }, major, pick) => {
          writeFileSync(path, npyBytes(data, rows, columns, { major }))
          const matrix = openNpy(path)
          expect([matrix.rows, matrix.columns]).toEqual([rows, columns])
          const from = pick % rows
          expect(readRows(matrix, from, rows)).toEqual(Float32Array.from(data).subarray(from * columns))
          expect(readRows(matrix, 0, from)).toEqual(Float32Array.from(data).subarray(0, from * columns))
        }),
        { numRuns: 60 }
      )
    })
  )

  effect("reads what `save` writes, and names both files to the run, which they decide", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const vectors = Float32Array.from({ length: 14 }, (_, i) => i / 3)
      const labels = Uint8Array.from({ length: 21 }, (_, i) => i % 2)
      const given = batches(vectors, labels, 2, 3).map(
        (batch): Embeddings => ({ ...batch, classes: ['land, "wild"', "sea", "two\nlines"] })
      )
      const saved = save.run({ to: "e" }, self)(Stream.fromIterable(given) as never) as unknown as Stream.Stream<
        Embeddings,
        Error,
        Run
      >
      yield* Stream.runDrain(saved).pipe(Effect.provideService(Run, fake.run))
      const paths = [join(fake.folder, "e.npy"), join(fake.folder, "e.csv")] as const
      const again = read(...paths)
      expect(yield* Effect.provideService(again, Run, fake.run)).toEqual(given)
      expect(fake.used).toEqual([...paths])
    })
  )

  effect("gives large matrices in several batches, whose rows are those of the file", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const [npy, csv] = [join(fake.folder, "e.npy"), join(fake.folder, "l.csv")]
      const [rows, columns] = [700, 1024]
      const data = Float64Array.from({ length: rows * columns }, (_, i) => i)
      writeFileSync(npy, npyBytes(data, rows, columns))
      writeFileSync(csv, `name,a\n${Array.from({ length: rows }, (_, i) => `p${i},${i % 2}`).join("\r\n")}\r\n`)
      const found = yield* Effect.provideService(read(npy, csv), Run, fake.run)
      expect(found.length).toBeGreaterThan(1)
      expect(found.flatMap(({ names }) => names)).toEqual(Array.from({ length: rows }, (_, i) => `p${i}`))
      expect(found.flatMap(({ labels }) => [...labels])).toEqual(Array.from({ length: rows }, (_, i) => i % 2))
      let at = 0
      for (const { vectors } of found) for (const value of vectors) if (value !== data[at++]) throw new Error(`${at}`)
      expect(at).toBe(data.length)
    })
  )
})

describe("embeddings refuses", () => {
  const data = Float32Array.from({ length: 6 }, (_, i) => i)
  const wrong: ReadonlyArray<readonly [string, Buffer, string]> = (
    [
      [
        "big-endian values",
        { descr: ">f4" },
        "is big-endian (>f4). Save it with `numpy.save(path, numpy.ascontiguousarray("
      ],
      ["column order", { fortran: true }, "is stored column by column (fortran_order)"],
      ["whole numbers", { descr: "<i4" }, "contains values of type <i4, not float16, float32, float64 or int8"],
      ["complex numbers", { descr: "<c8" }, "contains values of type <c8, not float16, float32, float64 or int8"],
      [
        "one dimension",
        { shape: "(6,)" },
        "has the shape (6). Save one row of numbers per image, shape (images, dimensions)"
      ],
      ["three dimensions", { shape: "(1, 2, 3)" }, "has the shape (1, 2, 3)"],
      ["nothing", { shape: "(0, 3)" }, "is empty: its shape is (0, 3)"],
      ["a version to come", { major: 9 }, "is a .npy file of version 9, which is not known"],
      ["more than it says", { shape: "(1, 3)" }, "is 12 bytes longer than its header says"],
      ["less than it says", { shape: "(3, 3)" }, "is cut short: "]
    ] satisfies ReadonlyArray<readonly [string, NpyOptions, string]>
  ).map(([name, options, message]) => [name, npyBytes(data, 2, 3, options), message] as const)

  effect("matrices that are not as they must be", () =>
    Effect.gen(function* () {
      const { folder } = yield* fakeRun
      const path = join(folder, "e.npy")
      for (const [, bytes, message] of wrong) {
        writeFileSync(path, bytes)
        expect(() => openNpy(path)).toThrow(`${path}: ${message}`)
      }
      writeFileSync(path, "PK a foreign file altogether")
      expect(() => openNpy(path)).toThrow(`${path}: is not a .npy file`)
      writeFileSync(path, "")
      expect(() => openNpy(path)).toThrow(`${path}: is not a .npy file`)
      writeFileSync(path, npyBytes(data, 2, 3).subarray(0, 40))
      expect(() => openNpy(path)).toThrow(`${path}: is cut short within its header`)
      writeFileSync(path, npyBytes(data, 2, 3))
      const matrix = openNpy(path)
      truncateSync(path, 70)
      expect(() => readRows(matrix, 0, 2)).toThrow("became shorter while it was read")
      rmSync(path)
      expect(() => openNpy(path)).toThrow(`${path}: there is no such file`)
      expect(() => openNpy(folder)).toThrow(`${folder}: is not a file`)
    })
  )

  it.each([
    ["patch,a\nx,1\n", 'its first line begins with "patch", not with "name"'],
    ["", 'its first line begins with "", not with "name"'],
    ["name\nx\n", "its header names no class"],
    ["name,a,,b\n", "a class in its header has no name"],
    ["name,a,b,a\n", "its header names the class a twice"],
    ["name,a,b\nx,1,0\ny,1\n", "row 2 has 1 labels, but the header names 2 classes"],
    ["name,a,b\nx,1,2\n", 'row 1 has "2" for b, which is neither 0 nor 1'],
    ["name,a,b\nx,1,\n", 'row 1 has "" for b, which is neither 0 nor 1'],
    ["name,a,b\nx,nan,1\n", 'row 1 has "nan" for a, which is neither 0 nor 1'],
    ["name,a\n,1\n", "row 1 has no name"],
    ['name,a\nx,1\n"y,1\nz,1\n', "row 2 has a quote that is not closed"],
    ['name,a\n"x";1,0\n', "row 1 has text after a closing quote"],
    ['name,"a\nx,1\n', "its header has a quote that is not closed"]
  ])("the table %j", (text, problem) => {
    expect(() => parseLabels("l.csv", text)).toThrow(
      `l.csv: ${problem}. Give it a header \`name,CLASS,...\` and one row of 0 and 1 per image.`
    )
  })

  it("nothing of a quote within a field, nor of a break within quotes, in time that grows with the table alone", () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => `tile ${i} of 5" x,1\n`).join("")
    expect(parseLabels("l.csv", `name,a\n${rows}"two\nlines",0\n`).names.slice(-2)).toEqual([
      'tile 99999 of 5" x',
      "two\nlines"
    ])
  })

  it("nothing that tables do have: a byte order mark, blank lines, spaces, quotes", () => {
    expect(parseLabels("l.csv", '\ufeffname, a ,"b, c"\r\n"x ""1""", 1,0\r\n\r\ny,0,"1"')).toEqual({
      path: "l.csv",
      classes: ["a", "b, c"],
      names: ['x "1"', "y"],
      labels: Uint8Array.of(1, 0, 0, 1)
    })
  })

  it("tables in UTF-16, and with line ends of CR alone", () => {
    const folder = mkdtempSync(join(tmpdir(), "orbitrank-"))
    const path = join(folder, "l.csv")
    for (const bytes of [Buffer.from("\ufeffname,a\nx,1\n", "utf16le"), Buffer.from("name,a\rx,1\r")]) {
      writeFileSync(path, bytes)
      expect(readLabels(path)).toMatchObject({ classes: ["a"], names: ["x"], labels: Uint8Array.of(1) })
    }
    rmSync(folder, { recursive: true })
  })

  effect("a table of another length, and files that are not there", () =>
    Effect.gen(function* () {
      const fake = yield* fakeRun
      const [npy, csv] = [join(fake.folder, "e.npy"), join(fake.folder, "l.csv")]
      const message = Effect.map(Effect.flip(Effect.provideService(read(npy, csv), Run, fake.run)), (e) => e.message)
      expect(yield* message).toContain("e.npy: there is no such file. Give the path of a file of embeddings.")
      writeFileSync(npy, npyBytes(data, 2, 3))
      expect(yield* message).toContain("l.csv: there is no such file. Give it a header")
      writeFileSync(csv, Buffer.from("name,for\xeat\nx,1\ny,0\n", "latin1"))
      expect(yield* message).toBe(`${csv}: is not text in UTF-8. Save it as UTF-8.`)
      writeFileSync(csv, "name,a\nx,1\n")
      expect(yield* message).toBe(
        `${csv}: has 1 rows, but ${npy} has 2 embeddings. Give one row of labels per embedding, in the same order.`
      )
    })
  )
})
