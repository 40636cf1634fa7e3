/** Small sweeps over an archive of pictures, and what they leave. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Comparison } from "../../../src/ops/elements.ts"

/** The pipeline `prepare`, which makes the archive and its store. */
export const preparing = (patches: number, val: number): string => `  prepare:
    - miniature: { kind: ucm, patches: ${patches} }
    - split: { train: 0.4, val: ${val} }
    - decode
    - store: { to: patches.lmdb }`

/** Steps that read a split in batches. */
export const reading = (split: string, size: number, more = ""): string =>
  `    - read: { split: ${split}, from: patches.lmdb, bands: rgb${more} }
    - crop: { size: 32, at: centre }
    - normalise: { by: imagenet }
    - batch: { size: ${size} }`

/** The record of a run folder. */
export const recordOf = (folder: string) => JSON.parse(readFileSync(join(folder, "record.json"), "utf8"))

/** The comparison of a sweep. */
export const comparisonOf = (out: string): Comparison =>
  JSON.parse(readFileSync(join(out, "result", "sweep.json"), "utf8"))
