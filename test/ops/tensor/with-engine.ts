/** Engines for tests: started once, with helpers that move grids in and out. */

import { resolve } from "node:path"
import { Effect } from "effect"
import { expect } from "vitest"
import { type Engine, openEngine } from "../../../src/ops/tensor/engine.ts"
import { intraOpThreads } from "../../../src/ops/tensor/native/process.ts"
import { GRAPH_FUNCTIONS } from "../../../src/ops/tensor/setup/graph-functions.ts"
import { findNative, packageFolderOf } from "../../../src/ops/tensor/setup/load.ts"
import { readBuilt } from "../../../src/ops/tensor/setup/record.ts"
import type { Tensor } from "../../../src/ops/tensor/tfjs.ts"
import type { Team } from "../../../src/ops/workers/loops.ts"
import { type Grid, grid } from "./naive.ts"

const project = resolve(import.meta.dirname, "../../..")

/** Native TensorFlow is tested wherever it is set up; the other two always. */
export const devices: ReadonlyArray<"cpu" | "wasm" | "tensorflow"> = findNative(project).found
  ? ["cpu", "wasm", "tensorflow"]
  : ["cpu", "wasm"]

/** Version of the functions that the compiled binding there has. */
const version = devices.includes("tensorflow") ? readBuilt(packageFolderOf(project))?.graphFunctions : undefined

/** Whether networks run as graphs there; a binding that version 0.1.0 has compiled cannot. */
export const graphs: boolean = version !== undefined

/** Whether functions run on other threads, too: a binding that an older set-up has compiled cannot, and one processor needs none. */
export const starting: boolean = version === GRAPH_FUNCTIONS && intraOpThreads() > 1

/** Every engine, and TensorFlow a second time where it has graphs: without them. */
export const modes: ReadonlyArray<(typeof devices)[number] | "operations of tensorflow"> = graphs
  ? [...devices, "operations of tensorflow"]
  : devices

export const opened = (mode: (typeof modes)[number]): Promise<Engine> =>
  mode === "operations of tensorflow"
    ? Effect.runPromise(openEngine("tensorflow", { graph: false }))
    : Effect.runPromise(openEngine(mode))

export const upload = (engine: Engine, { data, shape }: Grid): Tensor => engine.tensor(Float32Array.from(data), shape)

/** Values in [-1, 1) rounded to float32, from a linear congruential generator. */
export const noise = (shape: ReadonlyArray<number>, seed: number, shift = 0): Grid => {
  let state = seed >>> 0
  return grid(shape, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.fround(state / 2 ** 31 - 1 + shift)
  })
}

/**
 * Largest error over the largest value of the array, at most `tolerance`. Sums of values near 1 that cancel keep the errors
 * of their terms, so that nothing below 0.1 counts as large; of hundreds of terms they may be 2e-5 of it, where a wrong kernel is out by 0.1.
 */
export const close = (got: Float32Array, expected: Grid, tolerance = 1e-4): void => {
  expect(got.length).toBe(expected.data.length)
  let scale = 0.1
  let error = 0
  for (let i = 0; i < got.length; i++) {
    scale = Math.max(scale, Math.abs(expected.data[i]))
    const difference = Math.abs(got[i] - expected.data[i])
    error = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(error, difference)
  }
  expect(error / scale).toBeLessThan(tolerance)
}

/** Output and gradients of an operation whose output's gradient is `dy`. */
export const differentiated = (
  engine: Engine,
  inputs: ReadonlyArray<Grid>,
  dy: Grid,
  operation: (...tensors: ReadonlyArray<Tensor>) => Tensor
): { readonly y: Float32Array; readonly gradients: ReadonlyArray<Float32Array | undefined> } =>
  engine.scope(() => {
    const tensors = inputs.map((input) => upload(engine, input))
    let y = new Float32Array(0)
    const { gradients } = engine.gradients(() => {
      const out = operation(...tensors)
      y = engine.read(out) as Float32Array<ArrayBuffer>
      return engine.weightedSum(out, Float32Array.from(dy.data))
    }, tensors)
    return { y, gradients: gradients.map((one) => (one === undefined ? undefined : engine.read(one))) }
  })

/** Runs `body` while an engine shares its loops with a team, or computes them by the same loops alone. */
export const sharing = <A>(engine: Engine, team: Team | undefined, body: () => A): A => {
  const end = engine.share(team)
  try {
    return body()
  } finally {
    end()
  }
}
