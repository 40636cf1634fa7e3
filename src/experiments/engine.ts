/** The run's tensor engine: opened when first needed, announced and entered in the record. */
import { Effect, Layer } from "effect"
import { type Device, type Engine, type EngineOptions, openEngine, TensorEngine } from "../ops/tensor/engine.ts"

import type { EngineRecord } from "./record.ts"

const facts = ({ name, threads, workers, version, precision, gpu, why }: Engine): EngineRecord => ({
  name,
  version,
  threads,
  workers,
  precision,
  gpu,
  why
})

const described = ({ name, version, threads, precision, gpu }: EngineRecord): string => {
  const special = [...(precision === "bf16" ? [", bf16"] : []), ...(gpu ? [", GPU"] : [])]
  return `${name} (${version}, ${threads} ${threads === 1 ? "thread" : "threads"}${special.join("")})`
}

/**
 * Numbers differ in their last digits between engines and thread counts, and bfloat16 keeps 8 bits of every factor, so a
 * run that goes on with others says so.
 */
export const engineWarning = (before: EngineRecord | undefined, now: EngineRecord): string | undefined => {
  if (before === undefined || described(before) === described(now)) return undefined
  const rounded = (before.precision === "bf16") !== (now.precision === "bf16")
  const differ = rounded ? "from the third digit" : "in their last digits"
  return `Note: this run began on ${described(before)} and goes on with ${described(now)}; numbers may differ ${differ}.`
}

/** What of a file's settings decides about the engine. */
export interface EngineSettings extends EngineOptions {
  readonly device: Device
}

/** @param opened told once, when an operator first asks for the engine */
export const engineLayer = (
  { device, threads, precision }: EngineSettings,
  opened: (engine: EngineRecord) => void
): Layer.Layer<TensorEngine> => {
  const told = Effect.tap(openEngine(device, { threads, precision }), (engine) =>
    Effect.sync(() => opened(facts(engine)))
  )
  return Layer.effect(
    TensorEngine,
    Effect.map(Effect.cached(told), (open) => ({ open }))
  )
}
