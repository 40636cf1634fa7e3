/** The run's tensor engine: opened when first needed, announced and entered in the record. */
import { Effect, Layer } from "effect"
import { type Device, type Engine, openEngine, TensorEngine } from "../ops/tensor/engine.ts"
import type { RunRecord } from "./record.ts"

export type EngineRecord = NonNullable<RunRecord["engine"]>

const facts = ({ name, threads, version, why }: Engine): EngineRecord => ({ name, version, threads, why })

/** Numbers differ in their last digits between engines, so a run that goes on with another one says so. */
export const engineWarning = (before: EngineRecord | undefined, now: EngineRecord): string | undefined =>
  before === undefined || (before.name === now.name && before.threads === now.threads && before.version === now.version)
    ? undefined
    : `Note: this run began on ${before.name} (${before.version}, ${before.threads} thread) and goes on with another engine; numbers may differ in their last digits.`

/** @param opened told once, when an operator first asks for the engine */
export const engineLayer = (device: Device, opened: (engine: EngineRecord) => void): Layer.Layer<TensorEngine> =>
  Layer.effect(
    TensorEngine,
    Effect.map(
      Effect.cached(Effect.tap(openEngine(device), (engine) => Effect.sync(() => opened(facts(engine))))),
      (open) => ({
        open
      })
    )
  )
