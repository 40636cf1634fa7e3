/**
 * The kill campaign: runs are killed by SIGKILL at a random moment, then the same command runs to its end. Files under
 * their final names must be whole at any moment, the end must be that of a run that was never killed, bit for bit, and no
 * half-made file may stay.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { Effect } from "effect"
import { openReader } from "../../src/ops/data/stores/open-store.ts"
import { decodeNpy } from "../../src/ops/formats/npy.ts"
import { random } from "../../src/pipeline/random.ts"
import { runChild } from "../experiments/child.ts"
import { type Counts, counted, type Trial } from "./counts.ts"

interface Kill {
  /** A pipeline that makes what all trials share, in the folder SHARED. */
  readonly before: string
  /** The pipelines of a trial, whose files go into the folder OWN and its run folder. */
  readonly run: string
}

const NET = "model: { backbone: resnet10-slim, pooling: avg, channels: 3, num_classes: 17 }"
const UCM = "[{ miniature: { kind: ucm, patches: 60, size: 32, to: SHARED } }, { split: { train: 0.7, val: 0.1 } }]"
const BANDS =
  "[{ miniature: { kind: bigearthnet, patches: 90, to: SHARED/archive } }, decode, { store: { to: SHARED/patches.lmdb } }]"
const look = (split: string, more = "") =>
  `{ read: { split: ${split}, from: SHARED, lists: SHARED, store: none, kind: ucm, bands: rgb${more} } }, { resize: { size: 32 } }, { normalise: { by: imagenet } }`
const training = (keep: string) =>
  `[${look("train", ", epochs: 5, shuffle: true")}, { batch: { size: 14, drop_last: true } }, { optimise: { ${NET}, metric_loss: oml } }, ${keep}]`
const embedding = `${look("train")}, { batch: { size: 4 } }, { embed: { ${NET}, weights: initial } }, { save: { to: embeddings } }`

/** What is killed. */
export const kills: Readonly<Record<string, Kill>> = {
  train: { before: UCM, run: `{ train: ${training("{ checkpoint: { keep: 5 } }, curve")} }` },
  publish: { before: UCM, run: `{ train: ${training("{ checkpoint: { keep: 1 } }, publish")} }` },
  store: {
    before: "[{ miniature: { kind: bigearthnet, patches: 90, to: SHARED/archive } }]",
    run: "{ prepare: [{ archive: { kind: bigearthnet, path: SHARED/archive } }, split, decode, { store: { to: patches.lmdb, transaction: 8 } }] }"
  },
  export: { before: BANDS, run: "{ exported: [{ export: { from: SHARED/patches.lmdb, to: files, size: 6 } }] }" },
  save: { before: UCM, run: `{ test: [${embedding}] }` },
  search: {
    before: `[${UCM.slice(1, -1)}], embedded: [${look("train")}, { batch: { size: 20 } }, { embed: { ${NET}, weights: initial } }, { save: { to: e, folder: SHARED } }]`,
    run: "{ found: [{ embeddings: { from: SHARED/e.npy, labels: SHARED/e.csv } }, { search: { query: QUERY, top: 5 } }] }"
  }
}

/** Values of a store by name. */
const valuesOf = (path: string): Promise<ReadonlyArray<readonly [string, Uint8Array]>> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.map(openReader(path), (store) => [...store.names()].map((name) => [name, store.read(name)] as const))
    )
  )

const filesUnder = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .sort()

/** Files that hold times, or belong to a process. */
const PASSING = /(^|\/)(torture\.yaml|record\.json|run\.lock.*|lock\.mdb)$/
const PARTIAL = /\.partial/

/** Fails unless a safetensors file is as long as its header says, of whatever types its arrays are. */
const checkSafetensors = (path: string): void => {
  const bytes = readFileSync(path)
  const head = Number(bytes.readBigUInt64LE(0))
  const { __metadata__, ...arrays } = JSON.parse(bytes.toString("utf8", 8, 8 + head)) as Record<string, unknown>
  const ends = Object.values(arrays).map((one) => (one as { data_offsets: [number, number] }).data_offsets[1])
  const length = 8 + head + Math.max(0, ...ends)
  if (length !== bytes.length) throw new Error(`${path} has ${bytes.length} bytes, its header says ${length}`)
}

/** Fails if a file under its final name is not whole. */
const checkWhole = (path: string): void => {
  if (path.endsWith(".safetensors")) checkSafetensors(path)
  if (path.endsWith(".npy")) decodeNpy(readFileSync(path), path)
  if (path.endsWith(".json")) JSON.parse(readFileSync(path, "utf8"))
}

/** All outputs under a folder by name: bytes of files, values of stores. */
const outputsOf = async (folder: string): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>()
  for (const path of filesUnder(folder)) {
    const name = relative(folder, path)
    if (PASSING.test(name) || PARTIAL.test(name)) continue
    if (name.endsWith("data.mdb")) {
      for (const [key, bytes] of await valuesOf(dirname(path)))
        found.set(`${name} ${key}`, Buffer.from(bytes).toString("base64"))
      continue
    }
    checkWhole(path)
    found.set(name, readFileSync(path, "base64"))
  }
  return found
}

const differing = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): ReadonlyArray<string> =>
  [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name))

/** A configuration on disk. */
const written = (path: string, root: string, pipelines: string, paths: Readonly<Record<string, string>>): string => {
  const text = Object.entries(paths).reduce((sum, [name, value]) => sum.replaceAll(name, value), pipelines)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `device: wasm\nexperiment: torture\nroot_dir: ${root}\npipelines: ${text}\n`)
  return path
}

interface Scene {
  readonly home: string
  readonly shared: string
  readonly query: string
  readonly kill: Kill
}

const made = async (home: string, kill: Kill): Promise<Scene> => {
  const shared = join(home, "shared")
  const config = written(join(home, "before.yaml"), shared, `{ before: ${kill.before} }`, { SHARED: shared })
  const { code, err } = await runChild([config, "--out", join(home, "before")])
  if (code !== 0) throw new Error(err)
  const table = join(shared, "e.csv")
  const query = existsSync(table) ? readFileSync(table, "utf8").split("\n")[1].split(",")[0] : ""
  return { home, shared, query, kill }
}

/** Runs the pipelines in a folder of their own; `afterMs` kills them so long after their first line. */
const ran = ({ home, kill, query, shared }: Scene, name: string, afterMs?: number) => {
  const own = join(home, name)
  // One name for all, so that no output depends on the trial.
  const config = written(join(own, "torture.yaml"), own, kill.run, { SHARED: shared, QUERY: query })
  const when = (err: string) => err.includes("into ")
  return runChild(
    [config, "--out", join(own, "run")],
    afterMs === undefined ? {} : { signal: "SIGKILL", afterMs, when }
  )
}

/** How long the pipelines run after their first line, in milliseconds. */
const timed = async (scene: Scene): Promise<number> => {
  const begun = performance.now()
  let first = begun
  const own = join(scene.home, "whole")
  const config = written(join(own, "torture.yaml"), own, scene.kill.run, { SHARED: scene.shared, QUERY: scene.query })
  const { code, err } = await runChild([config, "--out", join(own, "run")], {
    when: (said) => {
      if (first === begun && said.includes("into ")) first = performance.now()
      return false
    }
  })
  if (code !== 0) throw new Error(err)
  return performance.now() - first
}

const tryOne = async (scene: Scene, name: string, afterMs: number, whole: ReadonlyMap<string, string>) => {
  const folder = join(scene.home, name)
  const wrong = (why: string): Trial => ({ outcome: "wrong", why: `killed after ${afterMs} ms: ${why}` })
  try {
    const killed = (await ran(scene, name, afterMs)).signal === "SIGKILL"
    // Whatever is there under its final name must be whole already.
    await outputsOf(folder)
    const { code, err } = await ran(scene, name)
    if (code !== 0) return { killed, trial: wrong(`the next run ends with ${code}: ${err.trim().split("\n").at(-1)}`) }
    const differ = differing(whole, await outputsOf(folder))
    if (differ.length > 0) return { killed, trial: wrong(`other outputs: ${differ.slice(0, 3).join(", ")}`) }
    const left = filesUnder(folder).filter((path) => PARTIAL.test(path))
    if (left.length > 0) return { killed, trial: wrong(`half-made files stay: ${left.join(", ")}`) }
    return { killed, trial: { outcome: "equal" } satisfies Trial as Trial }
  } catch (fault) {
    return { killed: true, trial: wrong(String(fault)) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs the campaign for one kind of run. */
export const kill = async (name: string, seed: number, trials: number): Promise<Counts> => {
  const home = mkdtempSync(join(tmpdir(), "orbitrank-torture-"))
  try {
    const scene = await made(home, kills[name])
    const duration = await timed(scene)
    const whole = await outputsOf(join(home, "whole"))
    const all: Array<Trial> = []
    let inTime = 0
    for (let i = 0; i < trials; i++) {
      const afterMs = Math.round(random(seed, 0, i, `kill ${name}`).next() * duration)
      const { killed, trial } = await tryOne(scene, `trial-${i}`, afterMs, whole)
      if (killed) inTime++
      all.push(trial)
    }
    return counted(`kill ${name} (${inTime} before their end)`, all)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
