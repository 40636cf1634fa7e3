/**
 * Reading beside other programs, where a Python has them: GeoTIFF beside GDAL (Debian's `python3-gdal`), LMDB of data
 * version 1 beside Python's `lmdb`. `PEERS_PYTHON`, the `python3` on the path and the system's are asked, in this order.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { miniature } from "../../src/ops/data/miniature/miniature.ts"
import { openReader } from "../../src/ops/data/stores/open-store.ts"
import type { PatchRef, RawPatch } from "../../src/ops/elements.ts"
import { workerPool } from "../../src/ops/workers/pool.ts"
import { toStream } from "../../src/pipeline/interpret.ts"
import { type Figure, lastLine, median } from "./harness.ts"
import { quietRun } from "./quiet-run.ts"

const PATCHES = 600
const ROUNDS = 5

const having = (...modules: ReadonlyArray<string>): string | undefined =>
  [process.env.PEERS_PYTHON, "python3", "/usr/bin/python3"].find((python) => {
    try {
      execFileSync(python ?? "", ["-c", `import ${modules.join(", ")}`], { stdio: "ignore" })
      return true
    } catch {
      return false
    }
  })

interface Peer {
  readonly version: string
  /** Seconds for one. */
  readonly each: number
}

const peer = (python: string, ...args: ReadonlyArray<string>): Peer =>
  lastLine(python, [join(import.meta.dirname, "readers.py"), ...args])

/** The shortest of some rounds after one that warms up, as the script measures; seconds for one. */
const shortest = async (job: () => Promise<number>): Promise<number> => {
  await job()
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 3; i++) {
    const begun = performance.now()
    const count = await job()
    best = Math.min(best, (performance.now() - begun) / 1000 / count)
  }
  return best
}

/** Both in turn, so that a machine that slows down slows both; rates a second. */
const beside = async (
  name: (version: string) => string,
  ours: () => Promise<number>,
  theirs: () => Peer
): Promise<Figure> => {
  const pairs: Array<readonly [number, Peer]> = []
  for (let i = 0; i < ROUNDS; i++) pairs.push([await ours(), theirs()])
  const ratio = median(pairs.map(([each, other]) => other.each / each))
  return {
    name: name(pairs[0][1].version),
    ours: 1 / median(pairs.map(([each]) => each)),
    other: 1 / median(pairs.map(([, { each }]) => each)),
    ratio,
    unit: "a second",
    bound: "ratio at least 0.5",
    holds: ratio >= 0.5
  }
}

/** Patches of 12 files each, decoded on one thread as the operator `decode` has it done. */
const decodedOn = (references: ReadonlyArray<PatchRef>): Promise<number> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const pool = yield* workerPool<PatchRef, RawPatch>({
          module: new URL("../../src/ops/data/archives/decode-work.ts", import.meta.url),
          size: 1,
          data: undefined
        })
        const all = Effect.forEach(references, (reference) => pool.run(reference), { concurrency: 4, discard: true })
        return yield* Effect.promise(() => shortest(() => Effect.runPromise(Effect.as(all, references.length))))
      })
    )
  )

const geotiff = async (folder: string, python: string): Promise<Figure> => {
  const made = Stream.runCollect(toStream(miniature({ patches: PATCHES, to: "archive" })))
  const references = await Effect.runPromise(made.pipe(Effect.provide(quietRun(folder))))
  return beside(
    (version) => `patches of 12 GeoTIFFs decoded on one thread, beside GDAL ${version}`,
    () => decodedOn(references),
    () => peer(python, "gdal", join(folder, "archive"))
  )
}

/** All values of a store in a drawn order. */
const readAll = (store: string): Promise<number> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(openReader(store), (reader) => {
        const names = [...reader.names()].sort(() => Math.random() - 0.5)
        const job = Effect.forEach(names, (name) => reader.decode(name, ({ length }) => length), { concurrency: 4 })
        return Effect.promise(() => shortest(() => Effect.runPromise(Effect.map(job, ({ length }) => length))))
      })
    )
  )

const version1 = (folder: string, python: string): Promise<Figure> => {
  const store = join(folder, "version1")
  peer(python, "make", store, String(10 * PATCHES))
  return beside(
    (version) => `values of 12 bands read from LMDB of data version 1, beside Python's lmdb ${version}`,
    () => readAll(store),
    () => peer(python, "lmdb", store)
  )
}

/** Figures for the peers that this machine has; says which it lacks. */
export const readers = async (): Promise<ReadonlyArray<Figure>> => {
  const folder = mkdtempSync(join(tmpdir(), "orbitrank-bench-"))
  const figures: Array<Figure> = []
  try {
    for (const [what, modules] of [
      [geotiff, ["osgeo.gdal"]],
      [version1, ["lmdb", "numpy", "safetensors.numpy"]]
    ] as const) {
      const python = having(...modules)
      if (python === undefined) console.log(`--   no Python here has ${modules.join(", ")}: not compared with it`)
      else figures.push(await what(folder, python))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return figures
}
