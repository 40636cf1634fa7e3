/** A small experiment whose work is divided: a miniature archive, its store, and what an untrained network makes of it. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"

/** Patches of the archive, of which two thirds are embedded. */
export const PATCHES = 90

const settings = (home: string): string => `
seed: 24
device: wasm
threads: 1
root_dir: ${join(home, "data")}
experiment: divided
`

/** Makes the store. */
export const preparing = (home: string): string => {
  const file = join(home, "prepare.yaml")
  writeFileSync(
    file,
    `${settings(home)}
pipelines:
  prepare:
    - miniature: { kind: bigearthnet, patches: ${PATCHES} }
    - split: { train: 0.7, val: 0.1 }
    - decode
    - store: { to: patches.lmdb }
`
  )
  return file
}

/** Embeds and measures. */
export const dividing = (home: string, more = ""): string => {
  const file = join(home, "divided.yaml")
  writeFileSync(
    file,
    `${settings(home)}${more}
pipelines:
  extract:
    - read: { split: train, from: patches.lmdb, bands: s2-10m+20m, nomenclature: "19" }
    - crop: { size: 32, at: random }
    - normalise: { by: bigearthnet }
    - batch: { size: 4 }
    - embed: { model: { backbone: resnet10-slim, pooling: avg, channels: 10, num_classes: 19 }, weights: initial, predict: true }
    - save: { to: embeddings }
  evaluated:
    - embeddings: { from: ${join(home, "whole/embeddings.npy")}, labels: ${join(home, "whole/embeddings.csv")} }
    - rank: { queries: 0.5 }
    - qe: { k: 3 }
    - measure: { at: [5, 20], metrics: [original, standard], bootstrap: 50, per_query: queries }
    - report
`
  )
  return file
}
