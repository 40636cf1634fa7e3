/** From embeddings to maps and figures. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { readSplitFile } from "../../../data/splits/name-lists.ts"
import { normaliseRows } from "../../../retrieve/unit-length.ts"
import { workerPool } from "../../../workers/pool.ts"
import type { Collected } from "../collected.ts"
import { textFrom } from "../kit/base64.ts"
import type { Figures, Pair } from "../kit/figures.ts"
import type { Analysis, Task } from "./analysis-work.ts"

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

/** Computes maps and figures in a worker thread. */
export const analyse = Effect.fnUntraced(function* (all: Collected, root: string, seed: number, umap: boolean) {
  const pool = yield* workerPool<Task, Analysis>({ module: new URL("./analysis-work.ts", import.meta.url), size: 1 })
  const split = splitsOf(root, all.names)
  // Shared, so that the thread needs no copy.
  const rows = new Float32Array(new SharedArrayBuffer(all.vectors.byteLength))
  rows.set(all.vectors)
  normaliseRows(rows, all.dim)
  const { count, dim, labels } = all
  const { layout, pass, queries } = yield* pool.run({
    ...{ count, dim, rows, labels, split, seed, umap, classes: all.classes.length, budget: BUDGET }
  })
  const { ap, ...rest } = pass
  const figures: Figures = {
    ...{ queries, ...countsOf(all), ...rest, ap: textFrom(ap) },
    splits: namedSplits(pass.across, split)
  }
  return { layout, figures }
})
